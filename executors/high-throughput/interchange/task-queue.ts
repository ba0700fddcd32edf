/**
 * Tasks that wait: per priority and walltime a list of chunks, each a run of task records as the driver sent them.
 *
 * Owns order (larger priority first, first-in first-out within one) and cutting records off the front. Whoever has little time left
 * takes the first that it has time for. Holds no object per task and must not know managers.
 */
import { countRecords, recordEnd, TASK_HEADER_BYTES, walltimeAt } from '../../../lib/wire/records.ts';
import { tryKey } from './try-key.ts';

/** Records from `at` to the end of the buffer. */
export interface Chunk {
  readonly buffer: Buffer;
  at: number;
  /** Which came first, among all lanes. */
  readonly order: number;
}

export interface Lane {
  readonly priority: number;
  /** {@link shapeOf} the walltime of all its tasks. */
  readonly shape: number;
  chunks: Chunk[];
  /** Chunks before this one are used up. */
  head: number;
  /** Records. */
  count: number;
}

export interface TaskQueue {
  /** Largest priority first, then by shape; never an empty lane. */
  readonly lanes: Lane[];
  /** Records in all lanes. */
  length: number;
  nextOrder: number;
}

export const createTaskQueue = (): TaskQueue => ({ lanes: [], length: 0, nextOrder: 0 });

/** 0: no walltime; else walltimes that differ by less than a fifth are one shape: so there are few, however many walltimes there are. */
const shapeOf = (walltimeMs: number): number => (walltimeMs === 0 ? 0 : 1 + Math.floor(Math.log2(walltimeMs) * 4));

/** @returns how many there are; -1 if the bytes are no task records. */
export function pushRecords(queue: TaskQueue, priority: number, records: Buffer): number {
  const count = countRecords(records, 0, TASK_HEADER_BYTES);
  if (count <= 0) return count;
  let start = 0;
  let length = 0;
  let walltimeMs = walltimeAt(records, 0);
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    const own = walltimeAt(records, at);
    if (own !== walltimeMs && shapeOf(own) !== shapeOf(walltimeMs)) {
      pushRun(queue, laneFor(queue, priority, shapeOf(walltimeMs)), records.subarray(start, at), length);
      start = at;
      length = 0;
    }
    walltimeMs = own;
    length++;
  }
  pushRun(queue, laneFor(queue, priority, shapeOf(walltimeMs)), start === 0 ? records : records.subarray(start), length);
  return count;
}

function pushRun(queue: TaskQueue, lane: Lane, buffer: Buffer, count: number): void {
  lane.chunks.push({ buffer, at: 0, order: queue.nextOrder++ });
  lane.count += count;
  queue.length += count;
}

function laneFor(queue: TaskQueue, priority: number, shape: number): Lane {
  let at = 0;
  for (const lane of queue.lanes) {
    if (lane.priority === priority && lane.shape === shape) return lane;
    if (lane.priority < priority || (lane.priority === priority && lane.shape > shape)) break;
    at++;
  }
  const lane: Lane = { priority, shape, chunks: [], head: 0, count: 0 };
  queue.lanes.splice(at, 0, lane);
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
  queue.length -= count;
  lane.count -= count;
  chunk.at = end;
  if (end < chunk.buffer.length) return;
  lane.head++;
  if (lane.head === lane.chunks.length) queue.lanes.splice(queue.lanes.indexOf(lane), 1);
  else if (lane.head >= 1024 && lane.head * 2 >= lane.chunks.length) {
    lane.chunks = lane.chunks.slice(lane.head);
    lane.head = 0;
  } else lane.chunks[lane.head - 1] = EMPTY;
}

/** Stands where a used chunk was, so that its bytes can be freed. */
const EMPTY: Chunk = { buffer: Buffer.alloc(0), at: 0, order: 0 };

/** A record that was taken out of the queue's middle. */
export interface RemovedTask {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
}

/** Takes out every record whose try key is chosen, in one pass over the queue. */
export function removeRecords(queue: TaskQueue, isChosen: (key: number) => boolean): RemovedTask[] {
  const removed: RemovedTask[] = [];
  for (const lane of queue.lanes) {
    const kept: Chunk[] = [];
    const before = removed.length;
    for (let i = lane.head; i < lane.chunks.length; i++) keepOthers(lane.chunks[i] as Chunk, isChosen, kept, removed);
    lane.chunks = kept;
    lane.head = 0;
    lane.count -= removed.length - before;
  }
  for (let i = queue.lanes.length - 1; i >= 0; i--) if (queue.lanes[i]?.chunks.length === 0) queue.lanes.splice(i, 1);
  queue.length -= removed.length;
  return removed;
}

function keepOthers(chunk: Chunk, isChosen: (key: number) => boolean, kept: Chunk[], removed: RemovedTask[]): void {
  const { buffer, order } = chunk;
  let runStart = chunk.at;
  let at = chunk.at;
  while (at < buffer.length) {
    const end = recordEnd(buffer, at);
    const taskId = buffer.readUInt32LE(at + 4);
    const tryNumber = buffer.readUInt16LE(at + 12);
    if (isChosen(tryKey(taskId, tryNumber))) {
      if (at > runStart) kept.push({ buffer: buffer.subarray(runStart, at), at: 0, order });
      removed.push({ taskId, tryNumber, fnId: buffer.readUInt32LE(at + 8) });
      runStart = end;
    }
    at = end;
  }
  if (runStart === chunk.at) kept.push(chunk);
  else if (runStart < buffer.length) kept.push({ buffer: buffer.subarray(runStart), at: 0, order });
}
