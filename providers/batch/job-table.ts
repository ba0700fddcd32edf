/**
 * The jobs of a running provider as they were last heard of. Owns the rule that an end is final. Asks nobody.
 */
import { forgetOldest } from '../../lib/forget-oldest.ts';
import { isTerminal, type JobStatus } from '../../lib/provider.ts';
import type { JobFiles } from './scheduler.ts';

export interface KnownJob {
  readonly jobId: string;
  readonly name: string;
  readonly files: JobFiles;
  readonly status: JobStatus;
}

/** That a job has ended is told when it does: it is asked for again within minutes, if at all. */
const MOST_ENDED = 1000;

export class JobTable {
  readonly #jobs = new Map<string, KnownJob>();
  readonly #ended = new Set<string>();

  add(jobId: string, name: string, files: JobFiles): void {
    this.#jobs.set(jobId, { jobId, name, files, status: withPaths({ state: 'pending' }, files) });
  }

  get(jobId: string): KnownJob | undefined {
    return this.#jobs.get(jobId);
  }

  /** As it was last heard of; 'unknown' for a job that is not ours. */
  statusOf(jobId: string): JobStatus {
    return this.#jobs.get(jobId)?.status ?? { state: 'unknown' };
  }

  /** @returns the job as it was before, if this is news. A terminal state is never revised. */
  update(jobId: string, status: JobStatus): KnownJob | undefined {
    const before = this.#jobs.get(jobId);
    if (before === undefined || isTerminal(before.status.state)) return undefined;
    this.#jobs.set(jobId, { ...before, status: withPaths(status, before.files) });
    if (isTerminal(status.state)) this.#end(jobId);
    return before.status.state === status.state && before.status.reason === status.reason ? undefined : before;
  }

  #end(jobId: string): void {
    this.#ended.add(jobId);
    for (const oldest of forgetOldest(this.#ended, MOST_ENDED)) this.#jobs.delete(oldest);
  }

  /** Those that have not ended. */
  live(): KnownJob[] {
    return [...this.#jobs.values()].filter(({ status }) => !isTerminal(status.state));
  }
}

function withPaths(status: JobStatus, { stdout, stderr }: JobFiles): JobStatus {
  return { ...status, stdoutPath: stdout, stderrPath: stderr };
}
