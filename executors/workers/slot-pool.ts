/**
 * The slots of a node (or of the driver's thread pool): which task goes to which, in batches; walltime, cancellation, lost workers.
 *
 * Takes task records, which it decodes only where they are flagged Solo, and reports result records. Sockets and processes are the runners'.
 */
import { steadyNow } from '../../lib/steady-clock.ts';
import { countRecords, readTaskHeader, RESULT_HEADER_BYTES, recordEnd, ResultStatus, type TaskHeader } from '../../lib/wire/records.ts';
import { chooseBatch } from './choose-batch.ts';
import { cancelledRecord, releasedRecord, undefinedRecord, unstartedRecords } from './ended-records.ts';
import { Estimates } from './estimates.ts';
import { PriorityQueue } from './priority-queue.ts';
import type { Peeked, RecordQueue } from './record-queue.ts';
import type { Batch, Runner, RunnerEvents, WorkerExit } from './runner.ts';
import { type Look, OverdueWatch } from './overdue-watch.ts';
import { Recall } from './recall.ts';
import {
  acceptInOrder,
  advance,
  clearSlot,
  clearTimers,
  closeRunners,
  createSlot,
  currentTask,
  endRunners,
  forEachUnfinished,
  holdsAny,
  lastRecordAt,
  onlyAtWork,
  type MemoryExcess,
  type Slot,
  triesIn,
  withoutCancelled,
} from './slot.ts';
import { killIfCancelled, startKill, watchWalltime } from './slot-kill.ts';
import { SlotLeases } from './slot-leases.ts';
import { judgeVictim } from './victim.ts';

export interface SlotPoolOptions {
  readonly slots: number;
  /** Number of the first of them; default 0. */
  readonly firstSlot?: number;
  /** Whether they serve tasks before they are leased; default true. */
  readonly leased?: boolean;
  /** Whether a slot that is released must have no worker left: one that has opened a device keeps it. */
  readonly endsWorkers?: (slot: number) => boolean;
  readonly host: string;
  /** Which kind of runner a function needs: 'js', 'bash', 'python:/usr/bin/python3'. Undefined: never defined here. */
  runnerKey(fnId: number): string | undefined;
  createRunner(key: string, slot: number, events: RunnerEvents): Runner;
  /** Whole result records; views that are valid during the call. */
  results(records: Buffer, count: number): void;
}

export class SlotPool {
  readonly #options: SlotPoolOptions;
  readonly #queue = new PriorityQueue();
  readonly #estimates = new Estimates();
  readonly #slots: Slot[];
  readonly #leases: SlotLeases;
  /** What takes long against all expectation must not hold back the results before it. */
  readonly #overdue = new OverdueWatch(() => this.#lookForResults());
  readonly #recall: Recall;
  #idle: Slot[];
  #nextBatch = 1;
  #dispatchPlanned = false;
  #closed = false;

  constructor(options: SlotPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.slots }, (_, index) => createSlot((options.firstSlot ?? 0) + index));
    this.#idle = options.leased === false ? [] : this.#slots.toReversed();
    this.#leases = new SlotLeases(this.#slots, this.#idle);
    const requeue = (slot: Slot, records: Buffer): void => this.#requeue(slot, records);
    const [hasRoom, dispatch] = [() => this.#idle.length > 0, () => this.#dispatch()];
    this.#recall = new Recall({ slots: this.#slots, hasRoom, requeue, dispatch, giveBack: (count) => this.giveBack(count) });
  }

  /** @throws RangeError if `records` is not whole task records. */
  submit(records: Buffer, priority = 0): void {
    this.#queue.push(priority, records);
    if (this.#dispatchPlanned) return;
    this.#dispatchPlanned = true;
    // What is called in a loop goes out together.
    queueMicrotask(() => {
      this.#dispatchPlanned = false;
      this.#dispatch();
    });
  }

  /** While it is so, nothing is begun; what runs goes on. */
  set isPaused(isPaused: boolean) {
    this.#queue.isPaused = isPaused;
    this.#dispatch();
  }

  /** Starts the worker that the first task of this kind will get. */
  warmUp(key: string): void {
    const slot = this.#idle.at(-1);
    if (slot) (slot.runners.get(key) ?? this.#createRunner(slot, key)).warmUp?.();
  }

  /** Slots that serve. One that is reclaimed says so by a record behind the results of its tasks; where none is left, what waits goes back. */
  lease({ add, reclaim }: { readonly add: readonly number[]; readonly reclaim: number }): void {
    this.#idle.push(...this.#leases.change(add, reclaim));
    // What came before the lease has its turn first.
    this.#dispatch();
    this.#idle = this.#idle.filter((slot) => !this.#reclaim(slot));
  }

  get leased(): number[] {
    return this.#leases.indices;
  }

  /** Whether any slot serves. */
  get isServing(): boolean {
    return this.#leases.count > 0;
  }

  get queued(): number {
    return this.#queue.count;
  }

  get running(): number {
    return this.#leases.count - this.#idle.length;
  }

  get isIdle(): boolean {
    return this.#queue.count === 0 && this.running === 0;
  }

  /** Tries that are here and have no result yet. */
  held(): [taskId: number, tryNumber: number][] {
    return triesIn((visit) => {
      for (const slot of this.#slots) forEachUnfinished(slot, visit);
      this.#queue.forEach(visit);
    });
  }

  /** Whether a task waits here, and if not, since when it may run; undefined if it is not here. */
  find(taskId: number): 'queued' | 'running' | undefined {
    const isAmong = (tries: readonly (readonly [number, number])[]): boolean => tries.some(([id]) => id === taskId);
    if (isAmong(triesIn((visit) => this.#queue.forEach(visit)))) return 'queued';
    return isAmong(this.held()) ? 'running' : undefined;
  }

  cancel(pairs: readonly (readonly [taskId: number, tryNumber: number])[]): void {
    const wanted = new Map(pairs);
    const out = this.#queue.takeTries(wanted).map((header) => cancelledRecord(header));
    if (out.length > 0) this.#options.results(Buffer.concat(out), out.length);
    for (const slot of this.#slots) this.#cancelInSlot(slot, wanted);
  }

  #cancelInSlot(slot: Slot, wanted: ReadonlyMap<number, number>): void {
    // Which one runs is known only from what the worker has finished.
    if (holdsAny(slot, wanted)) this.#takeFinished(slot);
    forEachUnfinished(slot, (records, at) => {
      const { taskId, tryNumber } = readTaskHeader(records, at);
      if (wanted.get(taskId) !== tryNumber) return;
      slot.cancelled.add(taskId);
      if (at === slot.cursor) startKill(slot, taskId, 'cancelled');
    });
  }

  /** Hands back what waits here: up to `count` that have not been started. @returns how many. */
  giveBack(count = Number.POSITIVE_INFINITY): number {
    const out = this.#queue.take(count).flatMap(unstartedRecords);
    if (out.length > 0) this.#options.results(Buffer.concat(out), out.length);
    return out.length;
  }

  /** The same, those among them that wait in batches behind a task that takes long: these within some milliseconds. */
  recall(count: number): void {
    this.#recall.want(count);
  }

  /** Tells the running tasks that their time is nearly over. */
  warn(): void {
    for (const slot of this.#slots) {
      const running = currentTask(slot);
      if (running) slot.runner?.warn?.(running);
    }
  }

  // --- placing

  #dispatch(): void {
    while (!this.#closed && this.#idle.length > 0) {
      const next = this.#queue.first();
      if (!next) return this.#recall.watch();
      const head = next.queue.peek() as Peeked;
      const first = readTaskHeader(head.bytes, head.at);
      const key = this.#options.runnerKey(first.fnId);
      if (key === undefined) this.#refuseUndefined(next.queue);
      else this.#giveBatch(this.#idle.pop() as Slot, next, first, key);
    }
  }

  #giveBatch(slot: Slot, { queue, priority }: { queue: RecordQueue; priority: number }, first: TaskHeader, key: string): void {
    const { parts, count } = chooseBatch({
      queue,
      estimates: this.#estimates,
      slots: this.#leases.count,
      lastCount: slot.lastCount,
      runnerKey: key,
      runnerKeyOf: (fnId) => this.#options.runnerKey(fnId),
    });
    const records = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    const batch: Batch = { number: this.#nextBatch++, count, records };
    Object.assign(slot, { batch, priority, cursor: 0, lastCount: count, batchStartMs: steadyNow() });
    const runner = slot.runners.get(key) ?? this.#createRunner(slot, key);
    slot.runner = runner;
    watchWalltime(slot, first);
    runner.run(batch);
    if (count > 1) this.#overdue.start();
  }

  #createRunner(slot: Slot, key: string): Runner {
    const events = onlyAtWork(slot, () => runner, {
      results: (records) => this.#onResults(slot, records),
      endedEarly: () => this.#onEndedEarly(slot),
      lost: (exit) => this.#onLost(slot, exit),
    });
    const runner: Runner = this.#options.createRunner(key, slot.index, events);
    slot.runners.set(key, runner);
    return runner;
  }

  #refuseUndefined(queue: RecordQueue): void {
    const { parts } = queue.takeWhile((_bytes, _at, taken) => taken === 0);
    this.#options.results(undefinedRecord(readTaskHeader(parts[0] as Buffer, 0), this.#options.host), 1);
  }

  // --- results

  #onResults(slot: Slot, records: Buffer): void {
    const { batch } = slot;
    const count = countRecords(records, 0, RESULT_HEADER_BYTES);
    if (!batch || count < 0) return;
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      if (records[at + 14] === ResultStatus.Ok) this.#estimates.record(records.readUInt32LE(at + 8), records.readUInt32LE(at + 16));
    }
    if (slot.peeked) acceptInOrder(slot, batch, records, (record) => this.#options.results(record, 1));
    else {
      advance(slot, batch, count);
      this.#options.results(records, count);
    }
    if (slot.cursor < batch.records.length) killIfCancelled(slot);
    // A worker that was told to end will: its next batch would be lost with it.
    else if (!slot.kill) this.#finish(slot);
  }

  #lookForResults(): Look {
    const open = this.#slots.filter(({ batch }) => batch && batch.count > 1);
    let seen: Look = open.length === 0 ? 'nothing to watch' : 'nothing new';
    for (const slot of open) if (this.#takeFinished(slot)) seen = 'something new';
    this.#recall.lookForVeryLate();
    return seen;
  }

  /** Results that the worker has written down and not sent. Never the last one: that is for the worker to report. */
  #takeFinished(slot: Slot): boolean {
    const { batch, cursor } = slot;
    if (!batch || batch.count === 1 || !slot.runner?.finished) return false;
    const finished = slot.runner.finished();
    slot.peeked ||= finished.length > 0;
    acceptInOrder(slot, batch, finished, (record) => this.#options.results(record, 1), lastRecordAt(batch));
    killIfCancelled(slot);
    return slot.cursor > cursor;
  }

  /** Its worker goes no further than this. A worker that was told to end will. */
  #onEndedEarly(slot: Slot): void {
    const { batch, cursor } = slot;
    if (!batch || slot.kill) return;
    this.#requeue(slot, batch.records.subarray(cursor));
    this.#finish(slot);
  }

  #requeue(slot: Slot, records: Buffer): void {
    const wanted = withoutCancelled(slot, records, (header) => this.#options.results(cancelledRecord(header, slot.index), 1));
    this.#queue.unshift(slot.priority, wanted);
  }

  #finish(slot: Slot): void {
    clearSlot(slot);
    if (!this.#reclaim(slot)) this.#idle.push(slot);
    this.#dispatch();
  }

  /** @returns whether a slot that has nothing to do is no longer ours. */
  #reclaim(slot: Slot): boolean {
    if (!this.#leases.reclaim(slot)) return false;
    if (this.#leases.count === 0) this.giveBack();
    const tell = (): void => this.#options.results(releasedRecord(slot.index), 1);
    if (slot.runners.size > 0 && this.#options.endsWorkers?.(slot.index)) void endRunners(slot).then(tell);
    else tell();
    return true;
  }

  // --- ends before the end

  /** Ends the task, which must be alone in its batch, if it is the one that runs. */
  endForMemory(taskId: number, excess: MemoryExcess): void {
    for (const slot of this.#slots) if (holdsAny(slot, new Map([[taskId, 0]]))) startKill(slot, taskId, excess);
  }

  #onLost(slot: Slot, exit: WorkerExit): void {
    const { batch } = slot;
    // Died between two batches: nobody's loss; the next batch starts another.
    if (!batch) return;
    acceptInOrder(slot, batch, exit.finished, (record) => this.#options.results(record, 1));
    if (slot.cursor >= batch.records.length) return this.#finish(slot);
    if (this.#closed) return;
    const victim = batch.records.subarray(slot.cursor, recordEnd(batch.records, slot.cursor));
    const unstarted = batch.records.subarray(slot.cursor + victim.length);
    const outcome = judgeVictim(slot, victim, exit, this.#options.host);
    if (outcome) this.#options.results(outcome, 1);
    this.#requeue(slot, outcome ? unstarted : batch.records.subarray(slot.cursor));
    this.#finish(slot);
  }

  /** Ends every worker; what runs or waits gets no result, what has finished gets its own. */
  async close(timeoutMs: number): Promise<void> {
    this.#stop();
    await Promise.all(this.#slots.flatMap((slot) => closeRunners(slot, timeoutMs)));
  }

  killNow(): void {
    this.#stop();
    for (const { runners } of this.#slots) for (const runner of runners.values()) runner.killNow();
  }

  #stop(): void {
    this.#closed = true;
    this.#overdue.stop();
    this.#recall.stop();
    for (const slot of this.#slots) clearTimers(slot);
  }
}
