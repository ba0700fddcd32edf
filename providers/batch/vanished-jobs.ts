/**
 * Jobs of which the scheduler says that it knows none such, though it took them: they have ended, and how was not kept. Owns how
 * their end is found out from what they left behind, and when that is given up.
 */
import type { Channel } from '../../lib/channel.ts';
import type { JobStatus } from '../../lib/provider.ts';
import type { Clock } from './clock.ts';
import type { KnownJob } from './job-table.ts';
import type { Scheduler } from './scheduler.ts';

/** On a shared disk a file may be seen late, and what a job printed comes back after its end. */
const LATE_MS = 20_000;
const STDERR_BYTES = 4096;

export interface VanishedJobsOptions {
  readonly scheduler: Scheduler;
  readonly channel: Channel;
  readonly clock: Clock;
  /** Whether we have told the scheduler to cancel it. */
  isDoomed(jobId: string): boolean;
}

export class VanishedJobs {
  readonly #options: VanishedJobsOptions;
  readonly #since = new Map<string, number>();

  constructor(options: VanishedJobsOptions) {
    this.#options = options;
  }

  /** 'unknown' as long as its end may still be found out. */
  async judge(job: KnownJob): Promise<JobStatus> {
    const status = await this.#look(job);
    if (status.state !== 'unknown') this.#since.delete(job.jobId);
    return status;
  }

  async #look(job: KnownJob): Promise<JobStatus> {
    const { name } = this.#options.scheduler;
    const gone = `${name} knows no job ${job.jobId} any more`;
    const exitCode = await this.#readExitCode(job);
    const end = exitCode === undefined ? {} : { exitCode };
    if (this.#options.isDoomed(job.jobId)) return { state: 'cancelled', reason: `cancelled; ${gone}`, ...end };
    if (exitCode !== undefined) return { ...(await this.#judgeExit(job, exitCode, gone)), ...end };
    return this.#judgeSilence(job, gone);
  }

  async #judgeExit(job: KnownJob, exitCode: number, gone: string): Promise<JobStatus> {
    const written = `exit code ${exitCode}, as its script wrote it down: ${gone}`;
    if (exitCode === 0) return { state: 'completed', reason: written };
    const words = await this.#readWords(job);
    return { state: words?.state ?? 'failed', reason: words === undefined ? written : `${words.reason} (${written})` };
  }

  /** Killed with its node, or by a signal that cannot be caught: its script could not write down an end. */
  async #judgeSilence(job: KnownJob, gone: string): Promise<JobStatus> {
    const now = this.#options.clock.now();
    const since = this.#since.get(job.jobId) ?? now;
    this.#since.set(job.jobId, since);
    const why = `${gone}, and its script has not written down an end`;
    const words = await this.#readWords(job);
    if (words !== undefined) return { state: words.state, reason: `${words.reason} (${why})` };
    if (now - since < LATE_MS) return { state: 'unknown', reason: why };
    return { state: 'failed', reason: `${why}: it was killed, or its node was lost` };
  }

  async #readExitCode({ files }: KnownJob): Promise<number | undefined> {
    const text = await this.#options.channel.readTail(files.end, 64).catch(() => undefined);
    const digits = /^(\d{1,3})\n$/.exec(text ?? '')?.[1];
    return digits === undefined ? undefined : Number(digits);
  }

  async #readWords({ files }: KnownJob): Promise<Pick<JobStatus, 'state' | 'reason'> | undefined> {
    const { scheduler, channel } = this.#options;
    if (scheduler.readLastWords === undefined) return undefined;
    const stderr = await channel.readTail(files.stderr, STDERR_BYTES).catch(() => undefined);
    return stderr === undefined ? undefined : scheduler.readLastWords(stderr);
  }
}
