/**
 * The jobs of a running provider as they were last heard of. Owns the rule that an end is final. Asks nobody.
 */
import { isTerminal, type JobStatus } from '../../lib/provider.ts';
import type { JobFiles } from './scheduler.ts';

export interface KnownJob {
  readonly jobId: string;
  readonly name: string;
  readonly files: JobFiles;
  readonly status: JobStatus;
}

export class JobTable {
  readonly #jobs = new Map<string, KnownJob>();

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
    return before.status.state === status.state && before.status.reason === status.reason ? undefined : before;
  }

  /** Those that have not ended. */
  live(): KnownJob[] {
    return [...this.#jobs.values()].filter(({ status }) => !isTerminal(status.state));
  }
}

function withPaths(status: JobStatus, { stdout, stderr }: JobFiles): JobStatus {
  return { ...status, stdoutPath: stdout, stderrPath: stderr };
}
