/**
 * The two pure machines that decide about blocks, the scaler and the interchange core, with simulated jobs and tasks between them:
 * hours pass in milliseconds.
 */
import { createScaler, step as stepScaler } from '../../../executors/blocks/scaler.ts';
import type { BlockId, BlockLoad, Scaler, ScalerEffect, ScalerEvent } from '../../../executors/blocks/scaler-types.ts';
import { type Core, createCore, step as stepCore } from '../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Effect } from '../../../executors/high-throughput/interchange/core-events.ts';
import { encodeResult, ResultStatus } from '../../../lib/wire/records.ts';
import { idsOf } from '../high-throughput/interchange/core-bench.ts';
import { encodeTasks } from '../high-throughput/interchange/simulation/simulated-driver.ts';
import { scalerOptions } from './scaler-bench.ts';

export const SLOTS = 4;
const SECOND = 1000;
const QUEUE_MS = 20 * SECOND;
const PERIOD_MS = 5 * SECOND;

export interface SimulatedLoad {
  readonly managerSelector: 'random' | 'blockId';
  readonly maxBlocks: number;
  readonly taskMs: number;
  readonly maxIdleTimeMs: number;
}

interface Running {
  readonly manager: string;
  readonly endsAt: number;
}

export class Simulation {
  at = 0;
  finished = 0;
  /** Blocks in the order in which they were let go. */
  readonly letGo: BlockId[] = [];
  submitted = 0;
  /** Block-seconds of blocks whose job runs. */
  blockSeconds = 0;
  readonly #load: SimulatedLoad;
  readonly #scaler: Scaler;
  readonly #core: Core;
  readonly #running = new Map<number, Running>();
  readonly #starting = new Map<BlockId, number>();
  readonly #managers = new Set<string>();
  readonly #sequences = new Map<string, number>();
  #perBlock: ReadonlyMap<BlockId, number> | undefined;
  #outstanding = 0;
  #nextTask = 1;
  #seed = 1;

  constructor(load: SimulatedLoad) {
    this.#load = load;
    const { maxBlocks, maxIdleTimeMs, managerSelector } = load;
    this.#scaler = createScaler(scalerOptions({ maxBlocks }, { strategy: 'htex-auto-scale', maxIdleTimeMs }));
    this.#core = createCore({
      protocol: 1,
      packageVersion: '1',
      heartbeatPeriodMs: 1e9,
      heartbeatThresholdMs: 1e12,
      prefetchCapacity: 'auto',
      quarantineMs: 60_000,
      managerSelector,
      pick: (n) => (this.#seed = (this.#seed * 48_271) % 2_147_483_647) % n,
    });
    this.#tellScaler({ kind: 'started', at: 0 });
  }

  get blocks(): number {
    return this.#managers.size;
  }

  get idleSlots(): number {
    return this.#managers.size * SLOTS - this.#running.size;
  }

  /** One second; as many tasks are outstanding as `wanted` says, whatever ends. */
  pass(wanted: number): void {
    this.at += SECOND;
    this.blockSeconds += this.#managers.size;
    this.#startBlocks();
    this.#endTasks();
    if (wanted > this.#outstanding) this.#submitTasks(wanted - this.#outstanding);
    this.#tellCore({ kind: 'tick', at: this.at });
    if (this.at % PERIOD_MS === 0) this.#tellScaler({ kind: 'tick', at: this.at, load: this.#loadNow() });
  }

  #loadNow(): BlockLoad {
    return { outstanding: this.#outstanding, perBlock: this.#perBlock };
  }

  #startBlocks(): void {
    for (const [blockId, startsAt] of this.#starting) {
      if (startsAt > this.at) continue;
      this.#starting.delete(blockId);
      this.#managers.add(blockId);
      const { at } = this;
      const told = { attempt: 1, firstSequence: 1, held: [], defined: [], info: {} };
      const registration = { protocol: 1, version: '1', blockId, host: blockId, slots: SLOTS, ...told };
      this.#tellCore({ kind: 'registered', manager: blockId, registration, at });
      this.#tellScaler({ kind: 'managerRegistered', at, blockId, slots: SLOTS });
    }
  }

  #endTasks(): void {
    const ended = [...this.#running].filter(([, { endsAt }]) => endsAt <= this.at);
    for (const [manager, tasks] of Map.groupBy(ended, ([, { manager: id }]) => id)) {
      const durationUs = this.#load.taskMs * 1000;
      const records = tasks.map(([taskId]) =>
        encodeResult({ taskId, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs, startMs: 0, worker: 0 }),
      );
      for (const [taskId] of tasks) this.#running.delete(taskId);
      this.finished += tasks.length;
      this.#outstanding -= tasks.length;
      const sequence = (this.#sequences.get(manager) ?? 0) + 1;
      this.#sequences.set(manager, sequence);
      this.#tellCore({ kind: 'resultsArrived', manager, sequence, records, at: this.at });
    }
  }

  #submitTasks(count: number): void {
    const tasks = Array.from({ length: count }, () => ({ taskId: this.#nextTask++, tryNumber: 1, fnId: 1 }));
    this.#outstanding += count;
    this.#tellCore({ kind: 'tasksArrived', priority: 0, records: encodeTasks(tasks) });
  }

  #tellCore(event: CoreEvent): void {
    const effects = [...stepCore(this.#core, event), ...stepCore(this.#core, { kind: 'turnEnded', at: this.at })];
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    if (effect.kind === 'sendTasks') {
      const endsAt = this.at + this.#load.taskMs;
      for (const part of effect.parts) for (const id of idsOf(part)) this.#running.set(id, { manager: effect.manager, endsAt });
    }
    if (effect.kind === 'emit' && effect.report.kind === 'load') this.#perBlock = new Map(Object.entries(effect.report.perBlock));
    if (effect.kind === 'sendShutdown') this.#leave(effect.manager);
  }

  #leave(blockId: BlockId): void {
    this.#managers.delete(blockId);
    this.#tellScaler({ kind: 'managerGone', at: this.at, blockId });
    this.#tellScaler({ kind: 'blockState', at: this.at, blockId, status: { state: 'completed' } });
  }

  #tellScaler(event: ScalerEvent): void {
    for (const effect of stepScaler(this.#scaler, event)) this.#obey(effect);
  }

  #obey(effect: ScalerEffect): void {
    if (effect.kind === 'submitBlock') {
      this.submitted++;
      this.#starting.set(effect.blockId, this.at + QUEUE_MS);
      this.#tellScaler({ kind: 'blockSubmitted', at: this.at, blockId: effect.blockId });
    } else if (effect.kind === 'drainBlock') {
      this.letGo.push(effect.blockId);
      this.#tellCore({ kind: 'drain', block: effect.blockId, at: this.at });
    } else if (effect.kind === 'cancelBlock') {
      this.#starting.delete(effect.blockId);
      this.#tellScaler({ kind: 'blockState', at: this.at, blockId: effect.blockId, status: { state: 'cancelled' } });
    }
  }
}
