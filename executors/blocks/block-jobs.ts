/**
 * Which job each block is, and what is known of it. Owns the book-keeping between block ids and the scheduler's job ids, and
 * those who wait for a job to end. Asks no scheduler.
 */
import { forgetOldest } from '../../lib/forget-oldest.ts';
import { isTerminal, type JobStatus } from '../../lib/provider.ts';
import { readTail } from './file-tail.ts';
import type { BlockId } from './scaler-types.ts';

export const STDERR_TAIL_BYTES = 4096;
/** A block's managers are found lost within minutes of its end, if not before: nobody asks for older ones. */
const MOST_ENDED = 1000;

/** A block's job as far as is known. */
export interface BlockJob extends JobStatus {
  readonly blockId: BlockId;
  readonly jobId: string;
  /** What the provider was told to call it. */
  readonly name: string;
  /** When it came into its state, as far as we know; ms since the epoch. */
  readonly since: number;
  /** When it may have come into it: as of when it was last seen in another state. undefined: at any time since its submission. */
  readonly earliest: number | undefined;
  /** As of when it is known to be in that state, or was before it was lost sight of; ms since the epoch. */
  readonly seenAt: number | undefined;
  /** The last 4 KB of its stderr; once it has ended. */
  readonly stderrTail?: string;
}

export class BlockJobs {
  readonly #byBlock = new Map<BlockId, BlockJob>();
  readonly #blockOfJob = new Map<string, BlockId>();
  /** Those of `#byBlock` that have ended. */
  readonly #ended = new Set<BlockId>();
  /** Statuses that came before the submission had returned the job's id. */
  readonly #early = new Map<string, JobStatus>();
  readonly #waiters = new Map<BlockId, (() => void)[]>();

  /** @returns what the provider has said of it already, if it was that quick. */
  add(blockId: BlockId, jobId: string, name: string, at: number): JobStatus | undefined {
    this.#byBlock.set(blockId, { blockId, jobId, name, state: 'pending', since: at, earliest: undefined, seenAt: undefined });
    this.#blockOfJob.set(jobId, blockId);
    const early = this.#early.get(jobId);
    this.#early.delete(jobId);
    return early;
  }

  /**
   * @param asOf when this was so: when the scheduler was asked.
   * @returns the job as it is now, if that is news: a repeated state, or one after the end, is none.
   */
  update(jobId: string, status: JobStatus & { readonly stderrTail?: string }, at: number, asOf = at): BlockJob | undefined {
    const blockId = this.#blockOfJob.get(jobId);
    if (blockId === undefined) {
      this.#early.set(jobId, status);
      return undefined;
    }
    const known = this.#byBlock.get(blockId);
    if (known === undefined || isTerminal(known.state)) return undefined;
    const isNews = known.state !== status.state;
    const seenAt = status.state === 'unknown' ? known.seenAt : asOf;
    const job: BlockJob = { ...known, ...status, seenAt, ...(isNews ? { since: at, earliest: known.seenAt } : {}), ...tailOf(status) };
    this.#byBlock.set(blockId, job);
    if (isTerminal(job.state)) this.#end(blockId);
    return isNews ? job : undefined;
  }

  get(blockId: BlockId): BlockJob | undefined {
    return this.#byBlock.get(blockId);
  }

  /** Those that have not ended. */
  live(): BlockJob[] {
    return [...this.#byBlock.values()].filter(({ state }) => !isTerminal(state));
  }

  /** Resolves when the block's job has ended; at once where none is known. */
  ended(blockId: BlockId): Promise<void> {
    const job = this.#byBlock.get(blockId);
    if (job === undefined || isTerminal(job.state)) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.set(blockId, [...(this.#waiters.get(blockId) ?? []), resolve]));
  }

  #end(blockId: BlockId): void {
    this.#ended.add(blockId);
    for (const oldest of forgetOldest(this.#ended, MOST_ENDED)) this.#forget(oldest);
    for (const resolve of this.#waiters.get(blockId) ?? []) resolve();
    this.#waiters.delete(blockId);
  }

  #forget(blockId: BlockId): void {
    const jobId = this.#byBlock.get(blockId)?.jobId ?? '';
    this.#byBlock.delete(blockId);
    // Where ids are numbers of processes, another job may have it by now.
    if (this.#blockOfJob.get(jobId) === blockId) this.#blockOfJob.delete(jobId);
  }
}

function tailOf({ state, stderrPath, stderrTail }: JobStatus & { readonly stderrTail?: string }): { stderrTail?: string } {
  if (stderrTail !== undefined) return { stderrTail };
  return isTerminal(state) && stderrPath !== undefined ? { stderrTail: readTail(stderrPath, STDERR_TAIL_BYTES) } : {};
}
