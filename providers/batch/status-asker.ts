/** Asks a scheduler for the state of jobs: all in one query, and those that it does not know in its next way. */
import type { JobStatus } from '../../lib/provider.ts';
import type { Desk } from './desk.ts';
import { chunks } from './finder.ts';
import type { JobTable } from './job-table.ts';
import type { Outage } from './outage.ts';
import type { Scheduler, StatusQuery } from './scheduler.ts';
import type { VanishedJobs } from './vanished-jobs.ts';

const JOBS_PER_COMMAND = 200;

export interface StatusAskerOptions {
  readonly scheduler: Scheduler;
  readonly desk: Desk;
  readonly outage: Outage;
  readonly vanished: VanishedJobs;
  readonly jobs: JobTable;
}

export class StatusAsker {
  readonly #options: StatusAskerOptions;

  constructor(options: StatusAskerOptions) {
    this.#options = options;
  }

  /** What was learned. A job of which nothing was is missing. */
  async ask(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    const learned = new Map<string, JobStatus>();
    for (const part of chunks(jobIds, this.#options.scheduler.jobsPerCommand ?? JOBS_PER_COMMAND)) await this.#askInTurn(part, learned);
    return learned;
  }

  async #askInTurn(jobIds: readonly string[], learned: Map<string, JobStatus>): Promise<void> {
    const denied = new Set<string>();
    let left = jobIds;
    for (const query of this.#options.scheduler.status) {
      const answer = await this.#query(query, left);
      if (answer === undefined) return;
      for (const [jobId, status] of answer.jobs) learned.set(jobId, status);
      for (const jobId of answer.denied ?? []) denied.add(jobId);
      left = left.filter((jobId) => !learned.has(jobId));
      if (left.length === 0) return;
    }
    for (const jobId of left) {
      const job = denied.has(jobId) ? this.#options.jobs.get(jobId) : undefined;
      if (job !== undefined) learned.set(jobId, await this.#options.vanished.judge(job));
    }
  }

  async #query({ command, parse }: StatusQuery, jobIds: readonly string[]) {
    const answer = await this.#options.desk.ask(command(jobIds), (result) => parse(result, jobIds));
    this.#options.outage.note(answer);
    return answer.kind === 'answered' ? answer : undefined;
  }
}
