/**
 * Tasks that were given CPUs, accelerators and the like of their own: each runs in a slot made for its grant, whose workers were started with
 * that, and which is kept for the next equal grant.
 *
 * Owns which slots there are and which are kept. A slot is a SlotPool of one: walltimes, cancelling and losses are its business, and by
 * its lease it says when nothing of a task is left: only then may others be given what the task had.
 */
import type { Runner, RunnerEvents } from '../../workers/runner.ts';
import { MemoryWatch } from '../../workers/memory-watch.ts';
import type { MemoryExcess } from '../../workers/slot.ts';
import { treeMemory } from '../../workers/process-memory.ts';
import { SlotPool } from '../../workers/slot-pool.ts';
import type { SlotResources } from '../../workers/worker-factory.ts';
import { readTaskHeader, recordEnd, ResultStatus } from '../../../lib/wire/records.ts';
import type { Try } from '../interchange/core-events.ts';
import type { TaskGrant } from '../resources/grant.ts';
import { devicesOf, fitsBeside, type Holding } from './holdings.ts';

export interface GrantedSlotsOptions {
  /** Number of the first of them: above those of all other slots. */
  readonly firstSlot: number;
  /** How many may be kept that do nothing. */
  readonly maxIdle: number;
  readonly host: string;
  runnerKey(fnId: number): string | undefined;
  createRunner(key: string, slot: number, events: RunnerEvents): Runner;
  /** What its workers are started with; the same for equal grants. */
  prepare(grant: TaskGrant['grant'], slot: number): PreparedSlot;
  results(records: Buffer): void;
}

export interface PreparedSlot extends SlotResources {
  /** Whether it is of use for one task only. */
  readonly once: boolean;
  /** When it is closed. */
  release(): void;
}

interface GrantedSlot {
  readonly index: number;
  readonly holding: Holding;
  readonly prepared: PreparedSlot;
  readonly runners: Map<string, Runner>;
  readonly pool: SlotPool;
  task: TaskGrant | undefined;
  /** Of its task, until nothing of that is left. */
  results: Buffer[];
}

/** How long a worker that does nothing may take to leave. */
const LEAVE_MS = 2000;

export class GrantedSlots {
  readonly #options: GrantedSlotsOptions;
  /** Those that do nothing in the order in which they came to that. */
  readonly #slots = new Map<number, GrantedSlot>();
  readonly #memory = new MemoryWatch();
  readonly #leaving = new Map<GrantedSlot, Promise<void>>();
  #closed = false;

  constructor(options: GrantedSlotsOptions) {
    this.#options = options;
  }

  /** @param records of the tasks, in the order of the grants. */
  run(grants: readonly TaskGrant[], records: Buffer): void {
    let at = 0;
    for (const grant of grants) {
      const end = recordEnd(records, at);
      this.#start(grant, records.subarray(at, end));
      at = end;
    }
  }

  resourcesOf(slot: number): SlotResources | undefined {
    return this.#slots.get(slot)?.prepared;
  }

  // --- what is asked of all slots

  get running(): number {
    return this.#busy().length;
  }

  get isIdle(): boolean {
    return this.running === 0;
  }

  grants(): TaskGrant[] {
    return this.#busy().map(({ task }) => task as TaskGrant);
  }

  held(): Try[] {
    return this.grants().map(({ taskId, tryNumber }) => [taskId, tryNumber]);
  }

  cancel(tries: readonly Try[]): void {
    for (const { pool } of this.#busy()) pool.cancel(tries);
  }

  giveBack(): void {
    for (const { pool } of this.#busy()) pool.giveBack();
  }

  warn(): void {
    for (const { pool } of this.#busy()) pool.warn();
  }

  /** Whatever runs gets no result. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#memory.close();
    await Promise.all([...[...this.#slots.values()].map(({ pool }) => pool.close(timeoutMs)), ...this.#leaving.values()]);
    for (const { prepared } of this.#slots.values()) prepared.release();
  }

  /** Ends workers that do nothing and may have one of these devices open. @returns undefined if there are none. */
  free(devices: readonly string[]): Promise<void> | undefined {
    this.#end(this.#idle().filter(({ holding }) => hasAny(holding, devices)));
    return this.#goneFrom(devices);
  }

  /** @returns undefined unless a worker that is about to leave may have one of them open. */
  #goneFrom(devices: readonly string[]): Promise<void> | undefined {
    const leaving = [...this.#leaving].filter(([{ holding }]) => hasAny(holding, devices)).map(([, gone]) => gone);
    return leaving.length === 0 ? undefined : Promise.all(leaving).then(() => undefined);
  }

  #busy(): GrantedSlot[] {
    return [...this.#slots.values()].filter(({ task }) => task !== undefined);
  }

  #idle(): GrantedSlot[] {
    return [...this.#slots.values()].filter(({ task }) => task === undefined);
  }

  // --- one task

  #start(task: TaskGrant, record: Buffer): void {
    const holding: Holding = { key: JSON.stringify({ ...task.grant, variant: 0 }), grant: task.grant };
    const slot = this.#idle().find((idle) => idle.holding.key === holding.key) ?? this.#create(holding);
    slot.task = task;
    slot.pool.submit(record);
    this.#makeRoom();
    const freed = this.#goneFrom(devicesOf(holding));
    if (freed === undefined) this.#begin(slot, record);
    else void freed.then(() => this.#begin(slot, record));
  }

  /** It waits in its pool, where it may be cancelled or taken back. */
  #begin(slot: GrantedSlot, record: Buffer): void {
    if (this.#closed) return;
    slot.pool.lease({ add: [slot.index], reclaim: 0 });
    if (slot.pool.running > 0) this.#watchMemory(slot, record);
    // Told as soon as the task has ended, and its worker if that has to.
    slot.pool.lease({ add: [], reclaim: 1 });
  }

  #create(holding: Holding): GrantedSlot {
    const { host, runnerKey, createRunner, prepare } = this.#options;
    const index = this.#freeIndex();
    const runners = new Map<string, Runner>();
    const pool = new SlotPool({
      slots: 1,
      firstSlot: index,
      leased: false,
      host,
      runnerKey,
      createRunner: (key, number, events) => {
        const runner = createRunner(key, number, events);
        runners.set(key, runner);
        return runner;
      },
      results: (records) => this.#onResults(slot, records),
    });
    const slot: GrantedSlot = { index, holding, prepared: prepare(holding.grant, index), runners, pool, task: undefined, results: [] };
    this.#slots.set(index, slot);
    return slot;
  }

  #freeIndex(): number {
    const taken = new Set([...this.#slots.values(), ...this.#leaving.keys()].map(({ index }) => index));
    let index = this.#options.firstSlot;
    while (taken.has(index)) index++;
    return index;
  }

  #watchMemory(slot: GrantedSlot, record: Buffer): void {
    const { task, pool, runners } = slot;
    const limitBytes = slot.holding.grant.memoryBytes;
    if (!task || limitBytes === 0) return;
    const runner = runners.get(this.#options.runnerKey(readTaskHeader(record, 0).fnId) ?? '');
    this.#memory.watch(slot.index, {
      limitBytes,
      usedBytes: () => (runner ? memoryOf(runner) : 0),
      exceeded: (excess) =>
        pool.endForMemory(task.taskId, { ...excess, workerBytes: runner && ownShare(runner, excess), nodes: task.grant.nodes?.length }),
    });
  }

  #onResults(slot: GrantedSlot, records: Buffer): void {
    if (records[STATUS_AT] !== ResultStatus.SlotReleased) slot.results.push(Buffer.from(records));
    else this.#onEnd(slot);
  }

  #onEnd(slot: GrantedSlot): void {
    const { results } = slot;
    this.#memory.forget(slot.index);
    slot.task = undefined;
    slot.results = [];
    // The one that was used last is kept longest.
    this.#slots.delete(slot.index);
    this.#slots.set(slot.index, slot);
    if (slot.prepared.once || isBloated(slot)) this.#end([slot]);
    this.#end(this.#idle().slice(0, -this.#options.maxIdle));
    if (results.length > 0) this.#options.results(Buffer.concat(results));
  }

  // --- what is kept

  /** Ends what does nothing and has what others were given. */
  #makeRoom(): void {
    const kept = this.#busy().map(({ holding }) => holding);
    const superfluous: GrantedSlot[] = [];
    for (const slot of this.#idle().reverse()) {
      if (fitsBeside(slot.holding, kept)) kept.push(slot.holding);
      else superfluous.push(slot);
    }
    this.#end(superfluous);
  }

  /** The number of each, which is in the names of its files, is free when it is gone. */
  #end(slots: readonly GrantedSlot[]): void {
    for (const slot of slots) {
      this.#slots.delete(slot.index);
      const gone = slot.pool.close(LEAVE_MS).then(() => {
        slot.prepared.release();
        this.#leaving.delete(slot);
      });
      this.#leaving.set(slot, gone);
    }
  }
}

const STATUS_AT = 14;

const hasAny = (holding: Holding, devices: readonly string[]): boolean => devicesOf(holding).some((device) => devices.includes(device));

/** What starts commands is no part of them. */
const memoryOf = ({ pid, isTask = false }: Runner): number => (pid === undefined ? 0 : treeMemory(pid, { withRoot: isTask }));

/** What the worker has by itself, where that is most of what its task may have; all of it, as long as it has not even begun. */
function ownShare({ isTask = false, ownBytes }: Runner, { limitBytes, usedBytes }: MemoryExcess): number | undefined {
  if (!isTask) return undefined;
  const bytes = ownBytes ?? usedBytes;
  return bytes > limitBytes / 2 ? bytes : undefined;
}

/** A worker that has kept much of what it was allowed would leave the next task too little. */
const isBloated = ({ holding, runners }: GrantedSlot): boolean =>
  holding.grant.memoryBytes > 0 && [...runners.values()].some((runner) => memoryOf(runner) > holding.grant.memoryBytes / 2);
