/**
 * Which job each block is, and what is known of it. Owns the book-keeping between block ids and the scheduler's job ids, and
 * those who wait for a job to end. Asks no scheduler.
 */
import { isTerminal, type JobStatus } from '../../lib/provider.ts';
import { readTail } from './file-tail.ts';
import type { BlockId } from './scaler-types.ts';

export const STDERR_TAIL_BYTES = 4096;

/** A block's job as far as is known. */
export interface BlockJob extends JobStatus {
  readonly blockId: BlockId;
  readonly jobId: string;
  /** What the provider was told to call it. */
  readonly name: string;
  /** When it came into its state, as far as we know; ms since the epoch. */
  readonly since: number;
  /** The last 4 KB of its stderr; once it has ended. */
  readonly stderrTail?: string;
}

export class BlockJobs {
  readonly #byBlock = new Map<BlockId, BlockJob>();
  readonly #blockOfJob = new Map<string, BlockId>();
  /** Statuses that came before the submission had returned the job's id. */
  readonly #early = new Map<string, JobStatus>();
  readonly #waiters = new Map<BlockId, (() => void)[]>();

  /** @returns what the provider has said of it already, if it was that quick. */
  add(blockId: BlockId, jobId: string, name: string, at: number): JobStatus | undefined {
    this.#byBlock.set(blockId, { blockId, jobId, name, state: 'pending', since: at });
    this.#blockOfJob.set(jobId, blockId);
    const early = this.#early.get(jobId);
    this.#early.delete(jobId);
    return early;
  }

  /** @returns the job as it is now, if that is news: a repeated state, or one after the end, is none. */
  update(jobId: string, status: JobStatus & { readonly stderrTail?: string }, at: number): BlockJob | undefined {
    const blockId = this.#blockOfJob.get(jobId);
    if (blockId === undefined) {
      this.#early.set(jobId, status);
      return undefined;
    }
    const known = this.#byBlock.get(blockId);
    if (known === undefined || isTerminal(known.state)) return undefined;
    const isNews = known.state !== status.state;
    const job: BlockJob = { ...known, ...status, since: isNews ? at : known.since, ...tailOf(status) };
    this.#byBlock.set(blockId, job);
    if (isTerminal(job.state)) this.#release(blockId);
    return isNews ? job : undefined;
  }

  get(blockId: BlockId): BlockJob | undefined {
    return this.#byBlock.get(blockId);
  }

  /** Those that have not ended. */
  live(): BlockJob[] {
    return [...this.#byBlock.values()].filter(({ state }) => !isTerminal(state));
  }

  /** Resolves when the block's job has ended. Never for a block that has none. */
  ended(blockId: BlockId): Promise<void> {
    const job = this.#byBlock.get(blockId);
    if (job !== undefined && isTerminal(job.state)) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.set(blockId, [...(this.#waiters.get(blockId) ?? []), resolve]));
  }

  #release(blockId: BlockId): void {
    for (const resolve of this.#waiters.get(blockId) ?? []) resolve();
    this.#waiters.delete(blockId);
  }
}

function tailOf({ state, stderrPath, stderrTail }: JobStatus & { readonly stderrTail?: string }): { stderrTail?: string } {
  if (stderrTail !== undefined) return { stderrTail };
  return isTerminal(state) && stderrPath !== undefined ? { stderrTail: readTail(stderrPath, STDERR_TAIL_BYTES) } : {};
}
