/**
 * What an executor tells its blocks, and what it hears from them.
 */
import type { ExecutorFailed } from '../../lib/errors/engine-errors.ts';
import type { AdoptedJob, JobStatus, ProviderDescription } from '../../lib/provider.ts';
import type { BlockId, BlockLoad, Strategy } from './scaler-types.ts';

export interface BlocksContext {
  readonly runId: string;
  /** Absolute. */
  readonly runDir: string;
  readonly workingDirectory: string;
  /** How long its jobs are left to a successor when this driver has died. */
  readonly orphanGraceMs?: number | undefined;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>): void;
}

/** A block that an earlier driver submitted, and whose managers may still be there. */
export interface AdoptedBlock extends AdoptedJob {
  readonly blockId: BlockId;
  /** When its job started, at the earliest, ms since the epoch; absent: unknown, or not yet. */
  readonly startedAt?: number | undefined;
}

export interface BlocksOptions {
  /** The executor's. */
  readonly label: string;
  readonly provider: ProviderDescription;
  readonly context: BlocksContext;
  /** What starts a manager on one node; the launcher takes it to all nodes of the block. */
  command(blockId: BlockId): string;
  /** The end of a file of a job, where the jobs are on another machine. Never rejects. */
  readTail?(path: string, bytes: number): Promise<string>;
  /** Of every job; FLOTILLA_BLOCK_ID is added. */
  readonly env: Readonly<Record<string, string>>;
  /** What there is to do now; asked at every tick and after every event. */
  load(): BlockLoad;
  /** At most once. No block is submitted after it, and those that live are cancelled. */
  onFail(error: ExecutorFailed): void;
  /** Of a driver before this one. */
  readonly adopted?: readonly AdoptedBlock[];
  /** Used of the budget by blocks of that driver that have ended. */
  readonly spentNodeMs?: number | undefined;
  /** There is another job, or one less: see `Blocks.jobs`. */
  onJobs?(): void;
  onDrain(blockId: BlockId): void;
  /** The scheduler has put its job back into the queue: managers that it had are no more. */
  onRestart?(blockId: BlockId): void;
  /** Its job has ended, and its managers with it. */
  onEnded?(blockId: BlockId): void;
  /** Default 'simple'. */
  readonly strategy?: Strategy | undefined;
  /** Default 5,000. */
  readonly strategyPeriodMs?: number | undefined;
  /** Default 120,000. */
  readonly maxIdleTimeMs?: number | undefined;
  /** Default 3. */
  readonly failureLimit?: number | undefined;
  /** How long a block is kept whose managers are all gone. Default 30,000. */
  readonly desertedLimitMs?: number | undefined;
  /**
   * false: failing blocks never fail the executor. A function is asked after each block that failed, with all that have; the
   * error that it returns fails the executor. Default true: failureLimit decides.
   */
  readonly errorHandler?: boolean | ((failed: ReadonlyMap<BlockId, JobStatus>) => Error | undefined) | undefined;
  /** ms since the epoch. Default: a clock that never jumps. */
  readonly now?: (() => number) | undefined;
}
