/**
 * One slot of a pool: what it runs, how far it is, and whether that is being ended.
 */
import type { LongTimeout } from '../../lib/long-timeout.ts';
import { steadyNow } from '../../lib/steady-clock.ts';
import type { TaskContext } from '../../lib/task-spec.ts';
import { readTaskHeader, recordEnd, TASK_HEADER_BYTES, type TaskHeader } from '../../lib/wire/records.ts';
import { unpack } from '../../lib/wire/value-codec.ts';
import type { Batch, Runner, RunnerEvents, TaskTag } from './runner.ts';

/** How long a worker that does nothing may take to leave. */
const END_WORKERS_MS = 2000;

/** A task that is being ended before its end. */
export interface Kill {
  readonly taskId: number;
  readonly reason: KillReason;
  readonly graceTimer: LongTimeout | undefined;
}

export type KillReason = 'walltime' | 'cancelled' | MemoryExcess;

/** What a task and all that it started had in memory, and might have had. */
export interface MemoryExcess {
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** What of that its worker has by itself, where that is most of the limit. */
  readonly workerBytes?: number | undefined;
  /** Of a task on several: how many it has. Looked at was the first. */
  readonly nodes?: number | undefined;
}

export interface Slot {
  readonly index: number;
  /** By kind; each starts its worker when it is first needed. */
  readonly runners: Map<string, Runner>;
  /** Of the batch: tasks that nobody wants any more. */
  readonly cancelled: Set<number>;
  batch: Batch | undefined;
  /** Of the batch. */
  priority: number;
  runner: Runner | undefined;
  /** Where in the batch's records the first unfinished one starts. */
  cursor: number;
  lastCount: number;
  batchStartMs: number;
  /** Nothing of the batch is behind the task that runs, or what was has been taken back. */
  isCut: boolean;
  /** Results of the batch were taken from the worker's journal: they will come from itself too. */
  peeked: boolean;
  walltimeTimer: LongTimeout | undefined;
  kill: Kill | undefined;
}

export function createSlot(index: number): Slot {
  return {
    index,
    runners: new Map(),
    cancelled: new Set(),
    batch: undefined,
    priority: 0,
    runner: undefined,
    cursor: 0,
    lastCount: 0,
    batchStartMs: 0,
    isCut: false,
    peeked: false,
    walltimeTimer: undefined,
    kill: undefined,
  };
}

/** The first `count` unfinished tasks of the batch are finished. */
export function advance(slot: Slot, batch: Batch, count: number): void {
  for (let i = 0; i < count && slot.cursor < batch.records.length; i++) slot.cursor = recordEnd(batch.records, slot.cursor);
  if (slot.kill) forgetLateKill(slot);
}

/** The task that was to be ended had ended by itself, and its worker goes on. */
function forgetLateKill(slot: Slot): void {
  const { kill, runner } = slot;
  if (!kill || !runner?.endsOnlyTask || holdsAny(slot, new Map([[kill.taskId, 0]]))) return;
  kill.graceTimer?.clear();
  slot.kill = undefined;
}

/**
 * The first task of the batch without a result. undefined: there is none, also while a worker that was told to end has finished all of its
 * batch and is not gone yet.
 */
export function currentTask({ batch, cursor }: Slot): TaskTag | undefined {
  return batch && cursor < batch.records.length ? { taskId: readTaskHeader(batch.records, cursor).taskId } : undefined;
}

/** Calls `visit` for each of `results` that is about the next unfinished task, and moves on; the others are known already. */
export function acceptInOrder(
  slot: Slot,
  batch: Batch,
  results: Buffer,
  visit: (record: Buffer) => void,
  until = batch.records.length,
): void {
  for (let at = 0; at < results.length && slot.cursor < until; ) {
    const end = recordEnd(results, at);
    if (readTaskHeader(batch.records, slot.cursor).taskId === results.readUInt32LE(at + 4)) {
      slot.cursor = recordEnd(batch.records, slot.cursor);
      visit(results.subarray(at, end));
    }
    at = end;
  }
}

/** Of the task records that `visitAll` shows. */
export function triesIn(visitAll: (visit: (bytes: Buffer, at: number) => void) => void): [taskId: number, tryNumber: number][] {
  const tries: [number, number][] = [];
  visitAll((bytes, at) => {
    const { taskId, tryNumber } = readTaskHeader(bytes, at);
    tries.push([taskId, tryNumber]);
  });
  return tries;
}

/** A slot has a worker of each kind: what one tells that idles, its death above all, is not of the batch that another runs. */
export function onlyAtWork(slot: Slot, runner: () => Runner, events: RunnerEvents): RunnerEvents {
  const ifAtWork = (tell: () => void): void => {
    if (slot.runner === runner()) tell();
  };
  return {
    results: (records) => ifAtWork(() => events.results(records)),
    endedEarly: () => ifAtWork(() => events.endedEarly()),
    lost: (exit) => ifAtWork(() => events.lost(exit)),
  };
}

/** The batch is over. */
export function clearSlot(slot: Slot): void {
  clearTimers(slot);
  slot.cancelled.clear();
  slot.batch = undefined;
  slot.runner = undefined;
  slot.kill = undefined;
  slot.peeked = false;
  slot.isCut = false;
}

export function clearTimers({ walltimeTimer, kill }: Slot): void {
  walltimeTimer?.clear();
  kill?.graceTimer?.clear();
}

/** The running task is told to end. */
export function closeRunners(slot: Slot, timeoutMs: number): Promise<void>[] {
  const { runners, runner: busy } = slot;
  const running = currentTask(slot);
  return [...runners.values()].map((runner) => runner.close(timeoutMs, runner === busy ? running : undefined));
}

/** Of a slot that has nothing to do. Done when none of its workers is left; its next task has another. */
export async function endRunners(slot: Slot, timeoutMs = END_WORKERS_MS): Promise<void> {
  await Promise.all(closeRunners(slot, timeoutMs));
  slot.runners.clear();
}

export function contextAt(records: Buffer, at: number): TaskContext {
  const { contextLength } = readTaskHeader(records, at);
  if (contextLength === 0) return {};
  const from = at + TASK_HEADER_BYTES;
  return unpack(records.subarray(from, from + contextLength)) as TaskContext;
}

/** Those of its batch that have no result yet. */
export function forEachUnfinished({ batch, cursor }: Slot, visit: (records: Buffer, at: number) => void): void {
  for (let at = cursor; batch && at < batch.records.length; at = recordEnd(batch.records, at)) visit(batch.records, at);
}

/** These of its tasks but those that nobody wants any more. */
export function withoutCancelled({ cancelled }: Slot, records: Buffer, onCancelled: (header: TaskHeader) => void): Buffer {
  if (cancelled.size === 0) return records;
  const kept: Buffer[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    const header = readTaskHeader(records, at);
    if (cancelled.has(header.taskId)) onCancelled(header);
    else kept.push(records.subarray(at, recordEnd(records, at)));
  }
  return Buffer.concat(kept);
}

/** Whether any of these tasks is in the batch and has not finished. */
export function holdsAny({ batch, cursor }: Slot, wanted: ReadonlyMap<number, number>): boolean {
  if (!batch) return false;
  for (let at = cursor; at < batch.records.length; at = recordEnd(batch.records, at)) {
    if (wanted.has(readTaskHeader(batch.records, at).taskId)) return true;
  }
  return false;
}

/** Whether something can be taken back from its batch, which is at least so old. */
export function isOpen({ batch, batchStartMs, isCut, runner }: Slot, ageMs = 0): boolean {
  return batch !== undefined && batch.count > 1 && !isCut && runner?.takeBack !== undefined && steadyNow() - batchStartMs >= ageMs;
}

/** Cuts off its batch what its worker has not started and never will. @returns that; undefined: nothing, or nothing yet. */
export function takeBack(slot: Slot): Buffer | undefined {
  const { batch, runner } = slot;
  const kept = runner?.takeBack?.();
  if (!batch || kept === undefined) return undefined;
  slot.isCut = true;
  if (kept >= batch.count) return undefined;
  const { number, records } = batch;
  let end = 0;
  for (let i = 0; i < kept; i++) end = recordEnd(records, end);
  slot.batch = { number, count: kept, records: records.subarray(0, end) };
  return records.subarray(end);
}

export function lastRecordAt({ records }: Batch): number {
  let last = 0;
  for (let at = 0; at < records.length; at = recordEnd(records, at)) last = at;
  return last;
}
