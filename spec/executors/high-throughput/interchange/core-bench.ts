/** An interchange core with a memory of what it did, for specs of its rules. */
import { type Core, type CoreOptions, createCore, step } from '../../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Effect, Registration, Report } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { encodeResult, recordEnd, ResultStatus } from '../../../../lib/wire/records.ts';
import type { SlotLease, TaskGrant } from '../../../../executors/high-throughput/resources/grant.ts';
import type { RequestVariant } from '../../../../lib/resources/request.ts';
import { variantOf } from '../../../support/resources.ts';
import { encodeTasks } from './simulation/simulated-driver.ts';

const releaseOf = (slot: number): Buffer =>
  encodeResult({ taskId: 0, tryNumber: 0, fnId: 0, status: ResultStatus.SlotReleased, durationUs: 0, startMs: 0, worker: slot });

/** A core with its clock, and what it ordered since it was last asked. */
export class Bench {
  at = 1000;
  readonly core: Core;
  effects: Effect[] = [];
  /** Turns that there were only because the core had more to place. */
  furtherTurns = 0;
  #nextTask = 1;
  readonly #sequences = new Map<string, number>();

  constructor(options: Partial<CoreOptions> = {}) {
    this.core = createCore({
      protocol: 1,
      packageVersion: '1.0.0',
      heartbeatPeriodMs: 100,
      heartbeatThresholdMs: 1000,
      prefetchCapacity: 0,
      quarantineMs: 60_000,
      managerSelector: 'random',
      pick: () => 0,
      ...options,
    });
    this.tell({ kind: 'defined', fnId: 1, bytes: Buffer.from('one') }, { kind: 'defined', fnId: 2, bytes: Buffer.from('two') });
  }

  /** A turn of the event loop, and as many as it asks for after that. */
  tell(...events: CoreEvent[]): this {
    for (const event of events) this.effects.push(...step(this.core, event));
    do this.effects.push(...step(this.core, { kind: 'turnEnded', at: this.at }));
    while (this.take('placeMore').length > 0 && ++this.furtherTurns > 0);
    return this;
  }

  take<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    const taken = this.effects.filter((effect) => effect.kind === kind);
    this.effects = this.effects.filter((effect) => effect.kind !== kind);
    return taken as Extract<Effect, { kind: K }>[];
  }

  reports<K extends Report['kind']>(kind: K): Extract<Report, { kind: K }>[] {
    return this.take('emit')
      .map(({ report }) => report)
      .filter((report): report is Extract<Report, { kind: K }> => report.kind === kind);
  }

  register(manager: string, registration: Partial<Registration> = {}): this {
    return this.tell({
      kind: 'registered',
      manager,
      at: this.at,
      registration: {
        protocol: 1,
        version: '1.0.0',
        blockId: '0',
        host: `host-${manager}`,
        slots: 2,
        attempt: 1,
        firstSequence: 1,
        held: [],
        defined: [],
        info: {},
        ...registration,
      },
    });
  }

  submit(count: number, { fnId = 1, priority = 0, flags = 0, walltimeMs = 0, requestId = 0, tryNumber = 1 } = {}): this {
    const tasks = Array.from({ length: count }, () => ({ taskId: this.#nextTask++, tryNumber, fnId, flags, walltimeMs, requestId }));
    return this.tell({ kind: 'tasksArrived', priority, records: encodeTasks(tasks), at: this.at });
  }

  /** From here on tasks may name the request. */
  request(requestId: number, ...variants: Partial<RequestVariant>[]): this {
    return this.tell({ kind: 'requestDefined', requestId, request: { variants: variants.map(variantOf) } });
  }

  /** The manager says that it has given back these slots. */
  release(manager: string, ...slots: number[]): this {
    return this.tell({
      kind: 'resultsArrived',
      manager,
      sequence: this.#nextSequence(manager),
      records: slots.map(releaseOf),
      at: this.at,
    });
  }

  /** Time passes, in steps of a second. */
  pass(ms: number): this {
    for (const end = this.at + ms; this.at < end; ) {
      this.at = Math.min(end, this.at + 1000);
      for (const manager of this.core.managers.values()) manager.lastHeardMs = this.at;
      this.tell({ kind: 'tick', at: this.at });
    }
    return this;
  }

  /** Manager → tasks placed there with a grant, and what they were given, since it was last asked. */
  granted(): Record<string, TaskGrant[]> {
    const granted: Record<string, TaskGrant[]> = {};
    for (const { manager, grants } of this.take('sendGranted')) (granted[manager] ??= []).push(...grants);
    return granted;
  }

  leases(): (SlotLease & { readonly manager: string })[] {
    return this.take('sendLease').map(({ manager, lease }) => ({ manager, ...lease }));
  }

  #nextSequence(manager: string): number {
    const sequence = (this.#sequences.get(manager) ?? 0) + 1;
    this.#sequences.set(manager, sequence);
    return sequence;
  }

  result(
    manager: string,
    taskIds: number[],
    { durationUs = 1_000_000, tryNumber = 1, fnId = 1, status = ResultStatus.Ok as ResultStatus } = {},
  ): this {
    const sequence = this.#nextSequence(manager);
    const records = taskIds.map((taskId) => encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs: 0, worker: 0 }));
    return this.tell({ kind: 'resultsArrived', manager, sequence, records: [Buffer.concat(records)], at: this.at });
  }

  /** Task ids sent, per manager, since it was last asked. */
  placed(): Record<string, number[]> {
    const placed: Record<string, number[]> = {};
    for (const { manager, parts } of this.take('sendTasks')) (placed[manager] ??= []).push(...parts.flatMap((part) => idsOf(part)));
    return placed;
  }

  forwarded(): number[] {
    return this.take('forwardResults').flatMap(({ records }) => idsOf(records));
  }
}

export function idsOf(records: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) ids.push(records.readUInt32LE(at + 4));
  return ids;
}

export const pairs = (...tries: [number, number][]): Buffer => {
  const bytes = Buffer.alloc(tries.length * 8);
  tries.forEach(([taskId, tryNumber], i) => {
    bytes.writeUInt32LE(taskId, i * 8);
    bytes.writeUInt32LE(tryNumber, i * 8 + 4);
  });
  return bytes;
};

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
