/**
 * Tasks that wait: per priority a list of chunks, each a run of task records as the driver sent them.
 *
 * Owns order (larger priority first, first-in first-out within one) and cutting records off the front. Holds no object per
 * task and must not know managers.
 */
import { recordEnd } from '../../../lib/wire/records.ts';
import { tryKey } from './try-key.ts';

/** Records from `at` to the end of the buffer. */
export interface Chunk {
  readonly buffer: Buffer;
  at: number;
}

interface Lane {
  readonly priority: number;
  chunks: Chunk[];
  /** Chunks before this one are used up. */
  head: number;
}

export interface TaskQueue {
  /** Largest priority first; never an empty lane. */
  readonly lanes: Lane[];
  /** Records in all lanes. */
  length: number;
}

export const createTaskQueue = (): TaskQueue => ({ lanes: [], length: 0 });

export function pushRecords(queue: TaskQueue, priority: number, records: Buffer, count: number): void {
  laneFor(queue, priority).chunks.push({ buffer: records, at: 0 });
  queue.length += count;
}

function laneFor(queue: TaskQueue, priority: number): Lane {
  let at = 0;
  for (const lane of queue.lanes) {
    if (lane.priority === priority) return lane;
    if (lane.priority < priority) break;
    at++;
  }
  const lane: Lane = { priority, chunks: [], head: 0 };
  queue.lanes.splice(at, 0, lane);
  return lane;
}

/** The chunk whose first record is next. */
export const headChunk = (queue: TaskQueue): Chunk | undefined => {
  const lane = queue.lanes[0];
  return lane?.chunks[lane.head];
};

/** Cuts `count` records, which end at `end`, off the head chunk. */
export function advanceHead(queue: TaskQueue, end: number, count: number): void {
  const lane = queue.lanes[0] as Lane;
  const chunk = lane.chunks[lane.head] as Chunk;
  queue.length -= count;
  chunk.at = end;
  if (end < chunk.buffer.length) return;
  lane.head++;
  if (lane.head === lane.chunks.length) queue.lanes.shift();
  else if (lane.head >= 1024 && lane.head * 2 >= lane.chunks.length) {
    lane.chunks = lane.chunks.slice(lane.head);
    lane.head = 0;
  } else lane.chunks[lane.head - 1] = EMPTY;
}

/** Stands where a used chunk was, so that its bytes can be freed. */
const EMPTY: Chunk = { buffer: Buffer.alloc(0), at: 0 };

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
    for (let i = lane.head; i < lane.chunks.length; i++) keepOthers(lane.chunks[i] as Chunk, isChosen, kept, removed);
    lane.chunks = kept;
    lane.head = 0;
  }
  for (let i = queue.lanes.length - 1; i >= 0; i--) if (queue.lanes[i]?.chunks.length === 0) queue.lanes.splice(i, 1);
  queue.length -= removed.length;
  return removed;
}

function keepOthers(chunk: Chunk, isChosen: (key: number) => boolean, kept: Chunk[], removed: RemovedTask[]): void {
  const { buffer } = chunk;
  let runStart = chunk.at;
  let at = chunk.at;
  while (at < buffer.length) {
    const end = recordEnd(buffer, at);
    const taskId = buffer.readUInt32LE(at + 4);
    const tryNumber = buffer.readUInt16LE(at + 12);
    if (isChosen(tryKey(taskId, tryNumber))) {
      if (at > runStart) kept.push({ buffer: buffer.subarray(runStart, at), at: 0 });
      removed.push({ taskId, tryNumber, fnId: buffer.readUInt32LE(at + 8) });
      runStart = end;
    }
    at = end;
  }
  if (runStart === chunk.at) kept.push(chunk);
  else if (runStart < buffer.length) kept.push({ buffer: buffer.subarray(runStart), at: 0 });
}
