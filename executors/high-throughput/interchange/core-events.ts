/**
 * What goes into the interchange core and what comes out of it.
 *
 * Owns the vocabulary of the machine in core.ts: events are past facts, effects are orders to the shell.
 * Must not know sockets: a manager is named by its identity (its routing id as latin1 text).
 */
import type { NodeCapacity } from '../resources/capacity.ts';
import type { ResourceRequest } from '../../../lib/resources/request.ts';
import type { SlotLease, TaskGrant } from '../resources/grant.ts';

/** Index that results carry when the interchange itself made them (cancelled in the queue, lost on the way to a manager). */
export const NO_MANAGER = 0xffffffff;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** `[taskId, try]`. */
export type Try = readonly [taskId: number, tryNumber: number];

/** What a manager says of itself when it registers. */
export interface Registration {
  readonly protocol: number;
  readonly version: string;
  readonly blockId: string;
  readonly host: string;
  readonly slots: number;
  /** For how long it can let tasks run, ms; absent: no end is known. As a duration, since clocks differ. */
  readonly timeLeftMs?: number | undefined;
  /** Counts the manager's registrations, so that a late one is not taken for the newest. */
  readonly attempt: number;
  /** Sequence number of its first result frame that was not acknowledged, or of the next one if there is none. */
  readonly firstSequence: number;
  /** Every try that it has, or whose result was not acknowledged. */
  readonly held: readonly Try[];
  /** Functions that it knows already. */
  readonly defined: readonly number[];
  /** What its node has; absent: nothing is placed there by what it needs. */
  readonly capacity?: NodeCapacity | undefined;
  /** Slots that serve tasks without a request; absent: all. Releases from before it registered are not repeated. */
  readonly leased?: readonly number[] | undefined;
  /** Of those tries in `held` that run with one. */
  readonly grants?: readonly TaskGrant[] | undefined;
  /** Number of the result frame that it sends next: what it says of slots is as of before that. Absent: as of any frame. */
  readonly nextSequence?: number | undefined;
  /** Whatever else it says; handed to the driver as it is. */
  readonly info: Readonly<Record<string, unknown>>;
}

export type CoreEvent =
  /** `at`: absent: at the end of the turn before. */
  | { readonly kind: 'tasksArrived'; readonly priority: number; readonly records: Buffer; readonly at?: number }
  | { readonly kind: 'requestDefined'; readonly requestId: number; readonly request: ResourceRequest }
  | { readonly kind: 'defined'; readonly fnId: number; readonly bytes: Buffer }
  /** `pairs`: u32 taskId, u32 try, …; acted upon when the turn ends, all of a turn together. */
  | { readonly kind: 'cancel'; readonly pairs: Buffer }
  | { readonly kind: 'drain'; readonly manager?: string; readonly block?: string; readonly graceMs?: number; readonly at: number }
  | {
      readonly kind: 'blockEnded';
      readonly block: string;
      readonly graceMs: number;
      /** Of those that a recovery waits for, the ones that were in it. */
      readonly awaited?: readonly string[];
      readonly at: number;
    }
  | {
      readonly kind: 'recover';
      readonly managers: readonly string[];
      readonly tasks: number;
      readonly graceMs: number;
      /** Tries that managers hold and the driver did not send again go on: it may ask for them later, and is told which there are. */
      readonly keepHeld?: boolean;
      readonly at: number;
    }
  /** Whether anything may be placed. */
  | { readonly kind: 'paused'; readonly isPaused: boolean }
  | { readonly kind: 'shutdown'; readonly reason: string }
  | { readonly kind: 'registered'; readonly manager: string; readonly registration: Registration; readonly at: number }
  | {
      readonly kind: 'resultsArrived';
      readonly manager: string;
      readonly sequence: number;
      readonly records: readonly Buffer[];
      readonly at: number;
    }
  /** `sequence`: of the last result frame that the manager has sent. */
  | { readonly kind: 'heartbeat'; readonly manager: string; readonly sequence: number; readonly at: number }
  | { readonly kind: 'managerDrains'; readonly manager: string; readonly at: number }
  | { readonly kind: 'left'; readonly manager: string; readonly at: number }
  /** A message to it could not be routed: its connection is gone, for now at least. */
  | { readonly kind: 'unreachable'; readonly manager: string }
  /** The driver's socket has taken all results of the manager up to `sequence`. */
  | { readonly kind: 'resultsWritten'; readonly manager: string; readonly sequence: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** Everything that this turn of the event loop brought has been told: cancel and place. */
  | { readonly kind: 'turnEnded'; readonly at: number };

/** Tasks of one priority and request that wait. */
export interface WaitingLane {
  readonly requestId: number;
  readonly priority: number;
  readonly tasks: number;
  /** Since when the first of them has waited, ms since the epoch. */
  readonly sinceMs: number;
  /** Kinds of nodes that could have it, or be part of it. */
  readonly nodes: readonly WaitingNodes[];
  /** Hosts that are kept free for it. */
  readonly reserved: readonly string[];
}

export interface WaitingNodes {
  /** One of them. */
  readonly host: string;
  readonly count: number;
  /** What the least busy of them lacks, for the first way in which the task can run there: "cores: 4 wanted, 1 there". Empty: nothing. */
  readonly lacks: readonly string[];
  /** Of a task that asks for whole nodes, in place of what one lacks. */
  readonly whole?: WaitingWhole;
}

export interface WaitingWhole {
  /** Of one block. */
  readonly wanted: number;
  /** Of the nodes, those that nobody uses. */
  readonly free: number;
  /** The most of those in any one block. */
  readonly mostInBlock: number;
}

/** Told to the driver. */
export type Report =
  | {
      readonly kind: 'managerRegistered';
      readonly managerId: string;
      readonly index: number;
      readonly host: string;
      readonly blockId: string;
      readonly slots: number;
      readonly timeLeftMs: number | undefined;
      readonly capacity: NodeCapacity | undefined;
      readonly info: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'managerLost';
      readonly managerId: string;
      readonly index: number;
      readonly host: string;
      readonly blockId: string;
      readonly lastHeardMs: number;
      readonly reason: string;
      readonly tasks: readonly Try[];
    }
  | { readonly kind: 'managerLeft'; readonly managerId: string; readonly index: number; readonly host: string; readonly blockId: string }
  | {
      readonly kind: 'managerRefused';
      readonly managerId: string;
      readonly host: string;
      readonly blockId: string;
      readonly message: string;
    }
  /** It has failed `failures` tasks in a row whose functions work elsewhere: for `forMs` it gets none. */
  | {
      readonly kind: 'managerQuarantined';
      readonly managerId: string;
      readonly index: number;
      readonly host: string;
      readonly blockId: string;
      readonly failures: number;
      readonly forMs: number;
    }
  /** It gets tasks again, one at a time until one succeeds. */
  | {
      readonly kind: 'managerReleased';
      readonly managerId: string;
      readonly index: number;
      readonly host: string;
      readonly blockId: string;
      readonly reason: string;
    }
  /** Tasks in flight at each block that has managers; those that wait, and that no manager has time enough for. */
  | {
      readonly kind: 'load';
      readonly perBlock: Readonly<Record<string, number>>;
      readonly timeless: number;
      /** Why tasks with requests wait, in the order in which they are served. */
      readonly waiting: readonly WaitingLane[];
    }
  /** Tries that have begun to have this, on the manager of that index. */
  | { readonly kind: 'granted'; readonly index: number; readonly grants: readonly TaskGrant[] }
  | {
      readonly kind: 'recovered';
      readonly managers: number;
      readonly missing: readonly string[];
      readonly requeued: number;
      /** With `keepHeld`: what the managers hold beside what the driver sent again; task and try by turns. */
      readonly held: readonly number[];
    };

/**
 * `number` counts the frames sent to a manager since it registered; a gap makes it register again. `acknowledged` is the last
 * result frame that the driver has.
 */
export type Effect =
  | {
      readonly kind: 'sendTasks';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly parts: readonly Buffer[];
    }
  /** `parts`: records of the tasks, in the order of the grants. */
  | {
      readonly kind: 'sendGranted';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly grants: readonly TaskGrant[];
      readonly parts: readonly Buffer[];
    }
  | {
      readonly kind: 'sendLease';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly lease: SlotLease;
    }
  | {
      readonly kind: 'sendDefine';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly fnId: number;
      readonly bytes: Buffer;
    }
  | {
      readonly kind: 'sendCancel';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly pairs: Buffer;
    }
  /** Of tries that another node's manager ran on both: what is left of them there is to be killed, and that to be said as their result. */
  | {
      readonly kind: 'sendClear';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly pairs: Buffer;
    }
  /** Give back up to so many tasks that have not been started. */
  | {
      readonly kind: 'sendRecall';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly count: number;
    }
  | { readonly kind: 'sendDrain'; readonly manager: string; readonly number: number; readonly acknowledged: number }
  | { readonly kind: 'sendHeartbeat'; readonly manager: string; readonly number: number; readonly acknowledged: number }
  | {
      readonly kind: 'sendRegistered';
      readonly manager: string;
      readonly number: number;
      readonly acknowledged: number;
      readonly index: number;
      readonly attempt: number;
      readonly received: number;
    }
  | { readonly kind: 'sendRefused'; readonly manager: string; readonly message: string }
  | { readonly kind: 'sendWhoAreYou'; readonly manager: string }
  | { readonly kind: 'sendShutdown'; readonly manager: string; readonly reason: string }
  | { readonly kind: 'forwardResults'; readonly managerIndex: number; readonly records: Buffer }
  /** Once the driver's socket has taken what was forwarded so far, say `resultsWritten`. */
  | { readonly kind: 'acknowledgeWhenWritten'; readonly manager: string; readonly sequence: number }
  /** End a turn then, unless one is to be ended earlier for the same reason. */
  | { readonly kind: 'lookAgain'; readonly inMs: number }
  /** There is more to be placed than one turn should take: end another one soon. */
  | { readonly kind: 'placeMore' }
  | { readonly kind: 'emit'; readonly report: Report }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: Readonly<Record<string, unknown>> };
