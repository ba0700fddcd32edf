/**
 * Takes jobs to the scheduler, one after the other. Owns what becomes of a submission that the scheduler has no room for, refuses,
 * or never answers; a job is never submitted twice.
 *
 *   send ──accepted──▶ done                          (so is a lost one that is found by its name)
 *     ├──full──▶ wait for room, send again
 *     ├──unclear──▶ look for it by its name ──not there, twice──▶ failed, may be tried again; listed as lost
 *     └──refused, unreachable──▶ failed; too many in a row open the breaker
 */
import { SubmitError } from '../../lib/errors/engine-errors.ts';
import type { ProviderContext } from '../../lib/provider.ts';
import { Breaker } from './breaker.ts';
import { backoffMs, type Clock } from './clock.ts';
import type { Desk } from './desk.ts';
import type { Finder } from './finder.ts';
import type { Outage } from './outage.ts';
import type { BatchJob, Scheduler, Submission } from './scheduler.ts';

const ROOM_FIRST_MS = 10_000;
const ROOM_LONGEST_MS = 120_000;
/** A request that was cut off may still be on its way; a scheduler that has taken it lists it well before this. */
const SETTLE_MS = 10_000;

export interface SubmitterOptions {
  /** As written behind `type:`. */
  readonly provider: string;
  readonly scheduler: Scheduler;
  readonly desk: Desk;
  readonly finder: Finder;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly log: ProviderContext['log'];
  /** Aborted: nothing is waited for any more. */
  readonly stop: AbortSignal;
}

export class Submitter {
  /** Names of jobs that could not be found after a submission without an answer; one that turns up later is nobody's. */
  readonly lost = new Set<string>();
  readonly #options: SubmitterOptions;
  readonly #breaker = new Breaker();
  #line: Promise<unknown> = Promise.resolve();
  #full: { readonly reason: string; readonly since: number } | undefined;
  #roomMade = new AbortController();

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /** @returns the job's id. @throws SubmitError */
  submit(job: BatchJob): Promise<string> {
    const submission = this.#line.then(() => this.#submit(job));
    this.#line = submission.catch(() => undefined);
    return submission;
  }

  /** A job has ended: there may be room for another. */
  roomMade(): void {
    this.#roomMade.abort();
  }

  /** Why a submission waits or would fail, as of now. */
  explain(): string | undefined {
    const { clock, scheduler } = this.#options;
    if (this.#full === undefined) return this.#breaker.explain(clock.now());
    return `${scheduler.name} takes no more jobs since ${new Date(this.#full.since).toISOString()}, and the next block waits: ${this.#full.reason}`;
  }

  async #submit(job: BatchJob): Promise<string> {
    for (let tries = 1; ; tries++) {
      this.#requireLeave(job);
      const answer = await this.#send(job);
      if (answer.kind === 'accepted') return this.#accepted(answer.jobId);
      if (answer.kind === 'refused') throw this.#failed(job, answer.reason, false);
      if (answer.kind === 'unreachable') throw this.#failed(job, answer.reason, true);
      if (answer.kind === 'unclear') return this.#accepted(await this.#findLost(job, answer.reason));
      await this.#waitForRoom(answer.reason, tries);
    }
  }

  #requireLeave(job: BatchJob): void {
    if (this.#options.stop.aborted) throw this.#error(job, `the provider is closed${this.#whyFull()}`, false);
    const why = this.#breaker.explain(this.#options.clock.now());
    if (why !== undefined) throw this.#error(job, why, true);
  }

  #whyFull(): string {
    return this.#full === undefined ? '' : `, and until then there was no room for the job: ${this.#full.reason}`;
  }

  /** Not to be aborted: a submission that is under way ends as it ends. */
  async #send(job: BatchJob): Promise<Submission> {
    const { scheduler, desk } = this.#options;
    const answer = await desk.ask(scheduler.submit.command(job), (result) => scheduler.submit.parse(result));
    return answer.kind === 'cutOff' ? { kind: 'unclear', reason: answer.reason } : answer;
  }

  #accepted(jobId: string): string {
    this.#full = undefined;
    this.#breaker.succeeded();
    return jobId;
  }

  async #waitForRoom(reason: string, tries: number): Promise<void> {
    const { clock, scheduler, stop, log } = this.#options;
    if (this.#full === undefined) log('info', `${scheduler.name} has no room for another job now; the next block waits: ${reason}`);
    this.#full = { reason, since: this.#full?.since ?? clock.now() };
    this.#roomMade = new AbortController();
    await clock.sleep(backoffMs(tries, ROOM_FIRST_MS, ROOM_LONGEST_MS), AbortSignal.any([stop, this.#roomMade.signal]), false);
  }

  async #findLost(job: BatchJob, reason: string): Promise<string> {
    const { clock, finder, outage, scheduler, stop, log } = this.#options;
    log('warn', `${scheduler.name} did not say what became of job '${job.name}'; it is looked for by its name: ${reason}`);
    let missedAt: number | undefined;
    while (!stop.aborted) {
      const found = await finder.find(job.name);
      if (found !== undefined) {
        const same = found.find(({ name }) => name === job.name);
        if (same !== undefined) return same.jobId;
        missedAt ??= clock.now();
        if (clock.now() - missedAt >= SETTLE_MS) break;
      }
      await clock.sleep(Math.max(outage.restMs, SETTLE_MS / 2), stop, false);
    }
    this.lost.add(job.name);
    throw this.#failed(job, `${reason}; it was looked for by its name and not found`, true);
  }

  #failed(job: BatchJob, reason: string, retryable: boolean): SubmitError {
    this.#breaker.failed(this.#options.clock.now(), reason);
    return this.#error(job, reason, retryable);
  }

  #error(job: BatchJob, reason: string, retryable: boolean): SubmitError {
    const { provider, scheduler } = this.#options;
    const fields = { job: job.name, provider, script: job.files.script, retryable };
    return new SubmitError(`job '${job.name}' was not submitted to ${scheduler.name}: ${reason} (its script: ${job.files.script})`, {
      fields,
    });
  }
}
