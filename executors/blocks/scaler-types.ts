/**
 * What goes into the block scaler and what comes out of it. Data only; times are milliseconds on any one clock.
 */
import type { BlockLimits, JobStatus } from '../../lib/provider.ts';
import type { BlockTimes, BudgetFigures } from './budget.ts';

export type BlockId = string;

/**
 * 'none' keeps initBlocks; 'simple' grows with the work and shrinks when there is none at all; 'htex-auto-scale' also lets go of
 * single idle blocks.
 */
export type Strategy = 'none' | 'simple' | 'htex-auto-scale';

export interface ScalerOptions {
  readonly limits: BlockLimits;
  readonly strategy: Strategy;
  readonly maxIdleTimeMs: number;
  /**
   * So many blocks in a row that end before any manager registers fail the executor, and twice as many whose managers are gone
   * within seconds. Infinity: never.
   */
  readonly failureLimit: number;
  /** How long a block without managers is kept: frozen ones may thaw, and those of an interchange that died come back. Default 30,000. */
  readonly desertedLimitMs?: number | undefined;
}

export type ScalerEvent =
  /** `adopted`: blocks of a driver before this one, whose jobs there are. `spentNodeMs`: what its other blocks have used of the budget. */
  | { readonly kind: 'started'; readonly at: number; readonly adopted?: readonly AdoptedTimes[]; readonly spentNodeMs?: number | undefined }
  /** The only event at which blocks are added and let go. */
  | { readonly kind: 'tick'; readonly at: number; readonly load: BlockLoad }
  | { readonly kind: 'blockSubmitted'; readonly at: number; readonly blockId: BlockId }
  | {
      readonly kind: 'blockSubmitFailed';
      readonly at: number;
      readonly blockId: BlockId;
      readonly error: unknown;
      /** The scheduler is out of reach, or busy: asking again later may help. */
      readonly retryable: boolean;
    }
  | {
      readonly kind: 'blockState';
      readonly at: number;
      readonly blockId: BlockId;
      readonly status: JobStatus;
      readonly stderrTail?: string | undefined;
      /** When it may have come into this state: as of when it was last known to be in another. Absent: at any time since its submission. */
      readonly earliest?: number | undefined;
    }
  | {
      readonly kind: 'managerRegistered';
      readonly at: number;
      readonly blockId: BlockId;
      readonly slots: number;
      readonly earliest?: number | undefined;
    }
  | { readonly kind: 'managerGone'; readonly at: number; readonly blockId: BlockId }
  | { readonly kind: 'closing'; readonly at: number };

/** A block of a driver before this one. */
export interface AdoptedTimes {
  readonly blockId: BlockId;
  /** When its job started, at the earliest; absent: unknown. */
  readonly startedAt?: number | undefined;
}

export interface BlockLoad {
  /** Tasks that the executor holds: queued and running. */
  readonly outstanding: number;
  /** How many slots they are worth, as some take more of a node than others; default: `outstanding`. */
  readonly slotsWorth?: number | undefined;
  /** Tasks per block, where that is known; a block that is not in it is idle. Absent: any block may be busy. */
  readonly perBlock?: ReadonlyMap<BlockId, number> | undefined;
  /** Tasks that wait, and that none of the managers there are has time enough for. Default 0. */
  readonly timeless?: number | undefined;
  /** How often managers have sent results: when it changes, blocks work. Default 0. */
  readonly results?: number | undefined;
}

export type ScalerEffect =
  | { readonly kind: 'submitBlock'; readonly blockId: BlockId }
  /** No new tasks; its managers leave when the running ones are done, and the job ends. */
  | { readonly kind: 'drainBlock'; readonly blockId: BlockId }
  | { readonly kind: 'cancelBlock'; readonly blockId: BlockId }
  /** `hadManagers`: they came, and were gone again within seconds. */
  | { readonly kind: 'failExecutor'; readonly failures: readonly BlockFailure[]; readonly hadManagers: boolean }
  /** Work waits, no block is there, and the budget allows none: that fails the executor, too. */
  | { readonly kind: 'budgetSpent'; readonly figures: BudgetFigures }
  /** The scheduler starts its job anew: managers of before are no more, even if they do not know. */
  | { readonly kind: 'blockRestarts'; readonly blockId: BlockId }
  /** Something has to wait: tick again then. */
  | { readonly kind: 'wake'; readonly at: number };

/** A block that ended before any of its managers registered, or soon after. */
export interface BlockFailure {
  readonly blockId: BlockId;
  /** How its job ended; absent when it could not even be submitted. */
  readonly status?: JobStatus;
  readonly stderrTail?: string | undefined;
  /** What the provider threw. */
  readonly error?: unknown;
}

/**
 * submitting ──▶ waiting ──manager registers──▶ serving ◀──▶ deserted (all its managers are gone, its job is not)
 *      │            │                              │ let go
 *      │            └──────── cancelling ◀─────────┼──────────▶ draining
 *      ▼                           ▼               ▼               ▼
 *   (removed: its submission failed, or its job has ended)
 */
export type BlockPhase =
  | { readonly kind: 'submitting' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'serving' }
  | { readonly kind: 'deserted'; readonly since: number }
  | { readonly kind: 'draining'; readonly emptySince: number | undefined }
  /** Deserted, and its managers did not come back in time: that was not wanted. */
  | { readonly kind: 'cancelling'; readonly wasDeserted: boolean };

export interface Block {
  readonly id: BlockId;
  readonly times: BlockTimes;
  /** As the provider said last, where that was one of these. */
  jobState: 'pending' | 'running';
  phase: BlockPhase;
  managers: number;
  /** Of all its managers together. */
  slots: number;
  firstManagerAt: number | undefined;
  /** When the last of them went; undefined: it has some, or has had none. */
  lastManagerAt: number | undefined;
  idleSince: number | undefined;
}

export interface Scaler {
  readonly options: ScalerOptions;
  mode: 'running' | 'failed' | 'closing';
  /** Those that have not ended. */
  readonly blocks: Map<BlockId, Block>;
  nextBlock: number;
  /** Mean of the managers seen last; 1 until one has registered. */
  slotsPerManager: number;
  /** Used by blocks that have ended. */
  spentNodeMs: number;
  /** Blocks are wanted that the budget does not allow. */
  isBudgetShort: boolean;
  /** In a row, without a manager registering in between. */
  failures: BlockFailure[];
  /** In a row, whose managers were gone within seconds; without a result in between. */
  shortLived: BlockFailure[];
  /** As of the last tick. */
  resultsSeen: number;
  /** Ends and submissions that went wrong since a block last proved to work; they set the back-off. */
  troubles: number;
  /** No submission before this. */
  notBefore: number;
  idleSince: number | undefined;
  /** Since when there have been more blocks than are wanted. */
  excessSince: number | undefined;
}
