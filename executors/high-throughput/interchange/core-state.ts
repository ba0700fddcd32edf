/**
 * The state of the interchange core, and the few ways to touch a manager that all its parts share.
 *
 * Per manager only ids are kept; bytes of a task live in the queue until it is placed, and with the driver until it has ended.
 */
import type { ResourceRequest } from '../../../lib/resources/request.ts';
import type { Grant } from '../resources/grant.ts';
import type { Pool } from '../resources/pool.ts';
import type { Effect } from './core-events.ts';
import { Estimates } from './estimates.ts';
import { createDemand, type Demand } from './demand.ts';
import type { NodeKind } from './node-kinds.ts';
import type { Proof, TrackRecord } from './quarantine.ts';
import type { Recalls } from './recall.ts';
import { createTaskQueue, type TaskQueue } from './task-queue.ts';

export interface CoreOptions {
  readonly protocol: number;
  readonly packageVersion: string;
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  /** Tasks that a manager may hold beyond its slots; 'auto': some milliseconds of short ones. */
  readonly prefetchCapacity: number | 'auto';
  /** 'random': the least loaded, chance among equals. 'blockId': fill the oldest block first, so that younger ones can go. */
  readonly managerSelector: 'random' | 'blockId';
  /** A task that has waited so long for what it asks has managers kept free for it. */
  readonly agingMs?: number;
  /** How many tasks on whole nodes one block may have at once; absent: as many as it has nodes for. */
  readonly maxGangsPerBlock?: number;
  /** A whole number in [0, n). */
  readonly pick: (n: number) => number;
  /** For how long a manager is left alone that fails what works elsewhere, ms; twice as long each time. 0: never. */
  readonly quarantineMs: number;
}

export interface Manager {
  readonly id: string;
  readonly index: number;
  readonly blockId: string;
  readonly host: string;
  readonly slots: number;
  /** Of the slots, those that serve tasks that ask for nothing. */
  leased: number;
  /** Of those, how many were asked back and have not come. */
  reclaiming: number;
  /** What of its node is given out; undefined: it does not say what it has, and takes only tasks that ask for nothing. */
  pool: Pool | undefined;
  kind: NodeKind | undefined;
  /** Try key → what it has there, also of tries that nobody waits for any more. */
  readonly grants: Map<number, Grant>;
  /** Of what is in flight there, how many have a grant. */
  granted: number;
  /** Releases of slots in result frames before this one are known from its registration. */
  releasesFrom: number;
  state: 'active' | 'draining';
  /** Its connection broke and it has not been heard since; nothing is placed there. */
  reachable: boolean;
  lastHeardMs: number;
  /** When to give up on it regardless of heartbeats: its block has ended, or its drain took too long. */
  deadline: { readonly atMs: number; readonly reason: string } | undefined;
  /** Until when tasks may run there; Infinity: for as long as they like. */
  endsMs: number;
  nextBeatMs: number;
  attempt: number;
  /** taskId → {@link packTry} of what was sent there and has not come back. */
  readonly inFlight: Map<number, number>;
  /** fnId → how many of it are in flight there. */
  readonly perFunction: Map<number, number>;
  readonly defined: Set<number>;
  /** taskId → try of what is in flight there and was asked to be cancelled; told again if the manager registers again. */
  readonly cancelling: Map<number, number>;
  /** Frames sent there since it registered. */
  sent: number;
  /** Sequence of the last result frame taken from it. */
  received: number;
  /** Sequence of its last result frame that the driver has. */
  acknowledged: number;
  bytesToAcknowledge: number;
  readonly record: TrackRecord;
}

export interface Recovery {
  readonly deadlineMs: number;
  readonly expected: Set<string>;
  /** Were expected, and will not come. */
  readonly gone: string[];
  /** Whether tries that nobody asked for go on. */
  readonly keepHeld: boolean;
  /** Task records that the driver has still to send again. */
  awaited: number;
  /** Try key → id of the manager that says it has it. */
  readonly claimed: Map<number, string>;
  /** Try keys that were reported to the driver since; their records are not to be queued. */
  readonly settled: Set<number>;
}

export interface Core {
  readonly options: CoreOptions;
  readonly queue: TaskQueue;
  readonly managers: Map<string, Manager>;
  /** Managers that may have room for another task. */
  readonly open: Set<Manager>;
  /** Of very many open managers: those whose share of the queue is for the next turns. */
  unserved: number;
  readonly definitions: Map<number, Buffer>;
  readonly requests: Map<number, ResourceRequest>;
  /** Tries that run on several nodes, or did and have not been confirmed to have ended. */
  readonly gangs: Map<number, Gang>;
  readonly demand: Demand;
  readonly estimates: Estimates;
  /** fnId → where it has worked. */
  readonly proofs: Map<number, Proof>;
  /** Ids of managers that were told to leave; they may not come back. The latest of them: see `dismiss`. */
  readonly dismissed: Set<string>;
  /** Try keys to cancel when the turn ends. */
  readonly cancelRequests: Set<number>;
  readonly recalls: Recalls;
  recovery: Recovery | undefined;
  /** The driver wants nothing to be placed, for now. */
  isPaused: boolean;
  closing: string | undefined;
  nextIndex: number;
  /** When the latest turn ended. */
  nowMs: number;
  lastTickMs: number | undefined;
  /** What the driver was told last of tasks in flight per block. */
  reportedLoad: ReportedLoad;
}

export interface Gang {
  /** The manager that runs it; undefined: it has ended there, and the members have yet to say that nothing of it is left with them. */
  readonly leader: string | undefined;
  /** Managers, the leader's among them as long as there is one. */
  readonly members: readonly string[];
  readonly grant: Grant;
}

export interface ReportedLoad {
  readonly perBlock: Readonly<Record<string, number>>;
  readonly timeless: number;
  /** Registrations before it: what is said of waiting tasks is said of the managers that there were. */
  readonly registrations: number;
  /** As JSON. */
  readonly waiting: string;
}

export const createCore = (options: CoreOptions): Core => ({
  options,
  queue: createTaskQueue(),
  managers: new Map(),
  open: new Set(),
  unserved: 0,
  definitions: new Map(),
  requests: new Map(),
  gangs: new Map(),
  demand: createDemand(),
  estimates: new Estimates(),
  proofs: new Map(),
  dismissed: new Set(),
  cancelRequests: new Set(),
  recalls: { loaded: new Map(), nextLookMs: 0 },
  recovery: undefined,
  isPaused: false,
  closing: undefined,
  nextIndex: 0,
  nowMs: 0,
  lastTickMs: undefined,
  reportedLoad: { perBlock: {}, timeless: 0, registrations: 0, waiting: '[]' },
});

/** Slots there that take tasks that ask for nothing. */
export const servingSlots = ({ leased, reclaiming }: Manager): number => leased - reclaiming;

/** ms that tasks may still take there. */
export const timeLeft = ({ nowMs }: Core, { endsMs }: Manager): number => endsMs - nowMs;

/** Function of a task that a manager brought along; its true one does not matter. */
export const UNKNOWN_FUNCTION = 0xffffffff;

/** Function of a task with a grant: it takes no slot, and how long it takes says nothing of what to send ahead. */
export const GRANTED_FUNCTION = 0xfffffffe;

/** Function and try of a task in flight as one number; small for the first 32,768 functions, which keeps the map free of boxes. */
const packTry = (fnId: number, tryNumber: number): number => fnId * 0x10000 + tryNumber;

export const fnIdOf = (packed: number): number => Math.floor(packed / 0x10000);

/** Also right beyond 32 bits: `&` keeps the low ones. */
export const tryNumberIn = (packed: number): number => packed & 0xffff;

export function addInFlight(manager: Manager, taskId: number, fnId: number, tryNumber: number): void {
  manager.inFlight.set(taskId, packTry(fnId, tryNumber));
  if (fnId === GRANTED_FUNCTION) manager.granted++;
  else manager.perFunction.set(fnId, (manager.perFunction.get(fnId) ?? 0) + 1);
}

/** The caller has taken `count` tasks of the function out of `inFlight`. */
export function lowerPerFunction(manager: Manager, fnId: number, count: number): void {
  if (fnId === GRANTED_FUNCTION) return void (manager.granted -= count);
  const left = (manager.perFunction.get(fnId) ?? 0) - count;
  if (left > 0) manager.perFunction.set(fnId, left);
  else manager.perFunction.delete(fnId);
}

export function dropInFlight(core: Core, manager: Manager, taskId: number, packed: number): void {
  manager.inFlight.delete(taskId);
  manager.cancelling.delete(taskId);
  lowerPerFunction(manager, fnIdOf(packed), 1);
  if (manager.state === 'active') core.open.add(manager);
}

/** Number of the next frame to the manager. */
export function countFrame(manager: Manager): number {
  manager.sent = (manager.sent + 1) >>> 0;
  return manager.sent;
}

export function log(effects: Effect[], level: 'debug' | 'info' | 'warn', message: string, fields: Record<string, unknown>): void {
  effects.push({ kind: 'log', level, message, fields });
}
