/**
 * Tasks that wait: per priority, walltime and resource request a list of chunks, each a run of task records as the driver sent them.
 *
 * Owns order (larger priority first, first-in first-out within one) and cutting records off the front. Tasks that are tried again have waited
 * before, and go before those of their priority that have not. Whoever has little time left takes the first that it has time for. Holds no
 * object per task and must not know managers.
 */
import { countRecords, recordEnd, requestIdAt, TASK_HEADER_BYTES, tryNumberAt, walltimeAt } from '../../../lib/wire/records.ts';
import { tryKey } from './try-key.ts';

/** Records from `at` to the end of the buffer. */
export interface Chunk {
  readonly buffer: Buffer;
  at: number;
  /** Which came first, among all lanes. */
  readonly order: number;
  /** When it came. */
  readonly sinceMs: number;
}

export interface Lane {
  readonly priority: number;
  /** {@link shapeOf} the walltime of all its tasks. */
  readonly shape: number;
  /** Of all its tasks; 0: they ask for nothing but a slot. */
  readonly requestId: number;
  /** All its tasks are tried again. */
  readonly isAgain: boolean;
  chunks: Chunk[];
  /** Chunks before this one are used up. */
  head: number;
  /** Records. */
  count: number;
  /** Its next task is to be tried on every manager, not only on those that have more room than before. */
  isFresh: boolean;
}

export interface TaskQueue {
  /** Of tasks that ask for nothing. Largest priority first, then by shape; never an empty lane. */
  readonly lanes: Lane[];
  /** Of tasks with a request; as the others. */
  readonly asking: Lane[];
  /** Records in all lanes. */
  length: number;
  /** Records of tasks that ask for nothing. */
  plain: number;
  nextOrder: number;
}

export const createTaskQueue = (): TaskQueue => ({ lanes: [], asking: [], length: 0, plain: 0, nextOrder: 0 });

const listOf = ({ lanes, asking }: TaskQueue, requestId: number): Lane[] => (requestId === 0 ? lanes : asking);

/** 0: no walltime; else walltimes that differ by less than a fifth are one shape: so there are few, however many walltimes there are. */
const shapeOf = (walltimeMs: number): number => (walltimeMs === 0 ? 0 : 1 + Math.floor(Math.log2(walltimeMs) * 4));

/** What the tasks of one lane have in common. */
type LaneKey = Pick<Lane, 'priority' | 'shape' | 'requestId' | 'isAgain'>;

/** What comes again is before all that comes for the first time, and in its own order. */
const AGAIN_FIRST = -(2 ** 52);

/** @param atMs when they came. @returns how many there are; -1 if the bytes are no task records. */
export function pushRecords(queue: TaskQueue, priority: number, records: Buffer, atMs: number): number {
  const count = countRecords(records, 0, TASK_HEADER_BYTES);
  if (count <= 0) return count;
  let start = 0;
  let length = 0;
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    if (length > 0 && !isOfOneLane(records, start, at)) {
      pushRun(queue, laneKeyAt(records, start, priority), records.subarray(start, at), atMs, length);
      start = at;
      length = 0;
    }
    length++;
  }
  pushRun(queue, laneKeyAt(records, start, priority), start === 0 ? records : records.subarray(start), atMs, length);
  return count;
}

function isOfOneLane(records: Buffer, one: number, other: number): boolean {
  const [walltimeMs, otherMs] = [walltimeAt(records, one), walltimeAt(records, other)];
  return (
    requestIdAt(records, one) === requestIdAt(records, other) &&
    isAgainAt(records, one) === isAgainAt(records, other) &&
    (walltimeMs === otherMs || shapeOf(walltimeMs) === shapeOf(otherMs))
  );
}

const isAgainAt = (records: Buffer, at: number): boolean => tryNumberAt(records, at) > 1;

const laneKeyAt = (records: Buffer, at: number, priority: number): LaneKey => ({
  priority,
  shape: shapeOf(walltimeAt(records, at)),
  requestId: requestIdAt(records, at),
  isAgain: isAgainAt(records, at),
});

function pushRun(queue: TaskQueue, key: LaneKey, buffer: Buffer, sinceMs: number, count: number): void {
  const lane = laneFor(queue, key);
  const order = queue.nextOrder++ + (key.isAgain ? AGAIN_FIRST : 0);
  lane.chunks.push({ buffer, at: 0, order, sinceMs });
  countIn(queue, lane, count);
}

/** `by` more records; less, if it is negative. */
function countIn(queue: TaskQueue, lane: Lane, by: number): void {
  lane.count += by;
  queue.length += by;
  if (lane.requestId === 0) queue.plain += by;
}

function laneFor(queue: TaskQueue, key: LaneKey): Lane {
  const { priority, shape, requestId, isAgain } = key;
  const lanes = listOf(queue, requestId);
  let at = 0;
  for (const lane of lanes) {
    if (lane.priority === priority && lane.shape === shape && lane.requestId === requestId && lane.isAgain === isAgain) return lane;
    if (lane.priority < priority || (lane.priority === priority && lane.shape > shape)) break;
    at++;
  }
  const lane: Lane = { ...key, chunks: [], head: 0, count: 0, isFresh: true };
  lanes.splice(at, 0, lane);
  return lane;
}

/** The chunk whose first record is the lane's next. */
export const headOf = (lane: Lane): Chunk => lane.chunks[lane.head] as Chunk;

/** Whether the lane's next task has time enough. Those behind it take about as long, and wait with it. */
export function hasTime(lane: Lane, timeLeftMs: number): boolean {
  if (lane.shape === 0) return timeLeftMs > 0;
  const { buffer, at } = headOf(lane);
  return walltimeAt(buffer, at) <= timeLeftMs;
}

/** The lane whose next task is the first of all that have time enough. */
export function nextLane({ lanes }: TaskQueue, timeLeftMs: number): Lane | undefined {
  let first: Lane | undefined;
  for (const lane of lanes) {
    if (first !== undefined && lane.priority < first.priority) break;
    if (hasTime(lane, timeLeftMs) && (first === undefined || headOf(lane).order < headOf(first).order)) first = lane;
  }
  return first;
}

/** Cuts `count` records, which end at `end`, off the lane's head chunk. */
export function advanceHead(queue: TaskQueue, lane: Lane, end: number, count: number): void {
  const chunk = headOf(lane);
  countIn(queue, lane, -count);
  chunk.at = end;
  if (end < chunk.buffer.length) return;
  lane.head++;
  if (lane.head === lane.chunks.length) dropLane(listOf(queue, lane.requestId), lane);
  else if (lane.head >= 1024 && lane.head * 2 >= lane.chunks.length) {
    lane.chunks = lane.chunks.slice(lane.head);
    lane.head = 0;
  } else lane.chunks[lane.head - 1] = EMPTY;
}

/** Stands where a used chunk was, so that its bytes can be freed. */
const EMPTY: Chunk = { buffer: Buffer.alloc(0), at: 0, order: 0, sinceMs: 0 };

const dropLane = (lanes: Lane[], lane: Lane): void => void lanes.splice(lanes.indexOf(lane), 1);

/** A record that was taken out of the queue's middle. */
export interface RemovedTask {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
}

/** Takes out every record whose try key is chosen, in one pass over the queue. */
export function removeRecords(queue: TaskQueue, isChosen: (key: number) => boolean): RemovedTask[] {
  const removed: RemovedTask[] = [];
  for (const lane of [...queue.lanes, ...queue.asking]) {
    const kept: Chunk[] = [];
    const before = removed.length;
    for (let i = lane.head; i < lane.chunks.length; i++) keepOthers(lane.chunks[i] as Chunk, isChosen, kept, removed);
    lane.chunks = kept;
    lane.head = 0;
    countIn(queue, lane, before - removed.length);
    if (kept.length === 0) dropLane(listOf(queue, lane.requestId), lane);
  }
  return removed;
}

function keepOthers(chunk: Chunk, isChosen: (key: number) => boolean, kept: Chunk[], removed: RemovedTask[]): void {
  const { buffer, order, sinceMs } = chunk;
  let runStart = chunk.at;
  let at = chunk.at;
  while (at < buffer.length) {
    const end = recordEnd(buffer, at);
    const taskId = buffer.readUInt32LE(at + 4);
    const tryNumber = tryNumberAt(buffer, at);
    if (isChosen(tryKey(taskId, tryNumber))) {
      if (at > runStart) kept.push({ buffer: buffer.subarray(runStart, at), at: 0, order, sinceMs });
      removed.push({ taskId, tryNumber, fnId: buffer.readUInt32LE(at + 8) });
      runStart = end;
    }
    at = end;
  }
  if (runStart === chunk.at) kept.push(chunk);
  else if (runStart < buffer.length) kept.push({ buffer: buffer.subarray(runStart), at: 0, order, sinceMs });
}
