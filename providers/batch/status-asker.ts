/** Asks a scheduler for the state of jobs: all in one query, and those that it does not know in its next way. */
import type { Channel } from '../../lib/channel.ts';
import type { JobStatus } from '../../lib/provider.ts';
import type { Desk } from './desk.ts';
import { chunks } from './finder.ts';
import type { JobTable } from './job-table.ts';
import type { Outage } from './outage.ts';
import type { Scheduler, StatusQuery } from './scheduler.ts';

const JOBS_PER_COMMAND = 200;

export interface StatusAskerOptions {
  readonly scheduler: Scheduler;
  readonly desk: Desk;
  readonly outage: Outage;
  readonly channel: Channel;
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
    for (const jobId of left) if (denied.has(jobId)) learned.set(jobId, await this.#readEnd(jobId));
  }

  async #query({ command, parse }: StatusQuery, jobIds: readonly string[]) {
    const answer = await this.#options.desk.ask(command(jobIds), (result) => parse(result, jobIds));
    this.#options.outage.note(answer);
    return answer.kind === 'answered' ? answer : undefined;
  }

  /** The scheduler has forgotten the job. Its script has written down how it ended, if it came so far. */
  async #readEnd(jobId: string): Promise<JobStatus> {
    const { channel, jobs, scheduler } = this.#options;
    const job = jobs.get(jobId);
    const text = job === undefined ? undefined : await channel.readTail(job.files.end, 64).catch(() => undefined);
    const exitCode = /^(\d{1,3})\n$/.exec(text ?? '')?.[1];
    if (exitCode === undefined)
      return { state: 'unknown', reason: `${scheduler.name} knows no job ${jobId}, and its script has not written down an end` };
    const reason = `exit code ${exitCode}, as its script wrote it down: ${scheduler.name} knows no job ${jobId} any more`;
    return { state: exitCode === '0' ? 'completed' : 'failed', exitCode: Number(exitCode), reason };
  }
}
