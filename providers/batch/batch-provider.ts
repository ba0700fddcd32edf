/**
 * Runs jobs through a batch scheduler, whichever it is: the dialect is scheduler.ts. Owns when it is asked and what is believed.
 * What a scheduler does not list stays as it was; what has ended has ended; one that cannot be reached costs time and nothing else.
 */
import { setImmediate } from 'node:timers/promises';
import type { Channel } from '../../lib/channel.ts';
import { SubmitError } from '../../lib/errors/engine-errors.ts';
import {
  type AdoptedJob,
  inJobName,
  isTerminal,
  type JobRequest,
  type JobStatus,
  type ProviderContext,
  type RunningProvider,
  runTag,
} from '../../lib/provider.ts';
import { Canceller } from './canceller.ts';
import { type Clock, systemClock } from './clock.ts';
import { Desk } from './desk.ts';
import { Finder } from './finder.ts';
import { filesOfAdopted, toBatchJob } from './job-files.ts';
import { JobTable } from './job-table.ts';
import { Outage } from './outage.ts';
import { reapDeadRuns } from './reaper.ts';
import { OwnRecord, stateFolder } from './run-record.ts';
import type { BatchJob, Scheduler } from './scheduler.ts';
import { StatusAsker } from './status-asker.ts';
import { warn } from '../../lib/options/warnings.ts';
import { Submitter } from './submitter.ts';
import { sharedBucket, type TokenBucket } from './token-bucket.ts';
import { VanishedJobs } from './vanished-jobs.ts';

const TOUCH_MS = 60_000;
const LOOK_AGAIN_MS = 500;
/** Slurm's KillWait is 30 s by default, PBS's kill_delay 10. */
const END_PATIENCE_MS = 60_000;

export interface BatchProviderOptions {
  /** As written behind `type:`. */
  readonly type: string;
  readonly scheduler: Scheduler;
  readonly channel: Channel;
  /** Of one command of the scheduler. */
  readonly commandTimeoutMs: number;
  readonly context: ProviderContext;
  /** Default: the one of all providers that speak to this scheduler. */
  readonly bucket?: TokenBucket;
  readonly clock?: Clock;
  /** Where the records of runs are. Default: in the user's state folder. */
  readonly stateFolder?: string;
}

export class BatchProvider implements RunningProvider {
  readonly #options: BatchProviderOptions;
  readonly #clock: Clock;
  readonly #finder: Finder;
  readonly #outage: Outage;
  readonly #asker: StatusAsker;
  readonly #submitter: Submitter;
  readonly #canceller: Canceller;
  readonly #jobs = new JobTable();
  readonly #submitting = new Set<Promise<string>>();
  readonly #stop = new AbortController();
  readonly #killed = new AbortController();
  readonly #reaping: Promise<void>;
  readonly #record: OwnRecord | undefined;
  #touchedAt = 0;
  /** The latest question, which may be under way. */
  #asking: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: BatchProviderOptions) {
    const { scheduler, channel, context, commandTimeoutMs } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const bucket = options.bucket ?? sharedBucket(`${scheduler.name} of ${channel.name}`);
    const desk = new Desk({ channel, bucket, timeoutMs: commandTimeoutMs });
    // Commands that were cut off by our own end are no outage.
    this.#outage = new Outage(scheduler.name, this.#clock, (...said) => this.#killed.signal.aborted || context.log(...said));
    this.#finder = new Finder(scheduler, desk, this.#outage);
    const common = { provider: options.type, finder: this.#finder, outage: this.#outage, clock: this.#clock, log: context.log };
    this.#submitter = new Submitter({ ...common, scheduler, desk, stop: this.#stop.signal });
    this.#canceller = new Canceller({ ...common, scheduler: scheduler.name, killed: this.#killed.signal });
    const isDoomed = (jobId: string): boolean => this.#canceller.isDoomed(jobId);
    const vanished = new VanishedJobs({ scheduler, channel, clock: this.#clock, isDoomed });
    this.#asker = new StatusAsker({ scheduler, desk, outage: this.#outage, vanished, jobs: this.#jobs });
    this.#record = this.#openRecord();
    this.#reaping = this.#reap();
  }

  adopt(jobs: readonly AdoptedJob[]): void {
    for (const job of jobs) {
      this.#jobs.add(job.jobId, job.name, filesOfAdopted(job, this.#options.context));
      this.#record?.add(job.jobId, job.name);
    }
  }

  async submit(request: JobRequest): Promise<string> {
    if (this.#stop.signal.aborted) throw this.#refuse(request, 'the provider is closed');
    const submission = this.#submit(request);
    this.#submitting.add(submission);
    try {
      return await submission;
    } finally {
      this.#submitting.delete(submission);
    }
  }

  async status(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    const live = jobIds.filter((jobId) => this.#isLive(jobId));
    if (live.length > 0 && !this.#outage.isResting) await (this.#asking = this.#ask(live));
    return new Map(jobIds.map((jobId) => [jobId, this.#jobs.statusOf(jobId)]));
  }

  async cancel(jobIds: readonly string[]): Promise<void> {
    const live = jobIds.filter((jobId) => this.#isLive(jobId));
    if (live.length > 0) await this.#canceller.cancel(live);
  }

  stopSubmitting(): void {
    this.#stop.abort();
  }

  explain(): readonly string[] {
    return [this.#outage.explain(), this.#submitter.explain()].filter((clause) => clause !== undefined);
  }

  /** Its record stays: the next start finds what this could not end. */
  killNow(): void {
    this.#stop.abort();
    this.#killed.abort();
    const live = this.#jobs.live().map(({ jobId }) => jobId);
    const { channel, scheduler } = this.#options;
    if (live.length > 0) channel.runDetached(scheduler.cancel.command(live).argv);
    void channel[Symbol.asyncDispose]();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #submit(request: JobRequest): Promise<string> {
    const job = this.#describe(request);
    const { channel, context, scheduler } = this.#options;
    try {
      await channel.mkdir(context.scriptDir, 0o755);
      await channel.writeFile(job.files.script, scheduler.script(job), 0o700);
    } catch (error) {
      throw this.#refuse(request, `its script could not be written: ${messageOf(error)}`, error, isPassing(error));
    }
    const jobId = await this.#submitter.submit(job);
    this.#jobs.add(jobId, job.name, job.files);
    this.#record?.add(jobId, job.name);
    return jobId;
  }

  #describe(request: JobRequest): BatchJob {
    if (inJobName(request.name) !== request.name) throw this.#refuse(request, 'a job is named with letters, digits and _ . - only');
    return toBatchJob(request, this.#options.context);
  }

  async #ask(jobIds: readonly string[]): Promise<void> {
    this.#touch();
    for (const [jobId, status] of await this.#asker.ask(jobIds)) this.#update(jobId, status);
    if (this.#closing === undefined) await this.#canceller.remind(jobIds.filter((jobId) => this.#isLive(jobId)));
    await this.#canceller.cancelStrays(this.#submitter.lost);
  }

  #update(jobId: string, status: JobStatus): void {
    const before = this.#jobs.update(jobId, status);
    if (before === undefined) return;
    const { context } = this.#options;
    if (isTerminal(status.state)) {
      this.#submitter.roomMade();
      this.#record?.forget(jobId);
    }
    const isBlocked = status.state === 'pending' && status.neverStarts === true && before.status.reason !== status.reason;
    if (isBlocked) this.#tellBlocked(jobId, status.reason ?? '');
    if (before.status.state !== status.state) context.jobChanged(jobId, this.#jobs.statusOf(jobId));
  }

  /** On the terminal too: nothing else would tell who sits before it and waits. */
  #tellBlocked(jobId: string, reason: string): void {
    const message = `job ${jobId} waits in vain, and is kept as long as nobody cancels it: ${reason}`;
    this.#options.context.log('warn', message, { jobId });
    warn(message);
  }

  /** Ends when no job of ours is left. What a scheduler that does not answer could not be told is left to the next start. */
  async #close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#submitting);
    await this.#reaping;
    await this.#asking?.catch(() => undefined); // Whoever asked is told.
    try {
      await this.#endAll();
      this.#tellSurvivors();
      if (this.#submitter.lost.size === 0 && this.#liveIds().length === 0) this.#record?.remove();
    } finally {
      // A cancellation may be under way whose jobs have ended: it would be tried again for a minute, and the process stay for it.
      this.#killed.abort();
      await this.#options.channel[Symbol.asyncDispose]();
    }
  }

  /** What was not done is no reason for the run to fail, and somebody has to know. */
  #tellSurvivors(): void {
    const left = [...this.#liveIds(), ...this.#submitter.lost];
    if (left.length === 0) return;
    const { context, scheduler } = this.#options;
    const why = this.#outage.explain() ?? `${scheduler.name} was told to cancel them and still lists them`;
    context.log('warn', `jobs may be left: ${left.join(', ')}; the next start of a run with ${scheduler.name} looks after them (${why})`);
  }

  async #cancelOrTell(jobIds: readonly string[]): Promise<void> {
    try {
      await this.#canceller.cancel(jobIds);
    } catch (error) {
      this.#options.context.log('warn', messageOf(error), { jobIds });
    }
  }

  async #endAll(): Promise<void> {
    await this.#canceller.cancelStrays(this.#submitter.lost);
    let live = this.#liveIds();
    await this.#cancelOrTell(live.filter((jobId) => !this.#canceller.isDoomed(jobId)));
    const giveUpAt = this.#clock.now() + END_PATIENCE_MS;
    while (live.length > 0 && this.#clock.now() < giveUpAt && !this.#killed.signal.aborted) {
      await this.#ask(live);
      live = this.#liveIds();
      if (live.length > 0) await this.#clock.sleep(Math.max(LOOK_AGAIN_MS, this.#outage.restMs), this.#killed.signal);
    }
  }

  /** Before anything is submitted. */
  #openRecord(): OwnRecord | undefined {
    const { scheduler, channel, context } = this.#options;
    const { runId, scriptDir, orphanGraceMs: graceMs = 0 } = context;
    try {
      return new OwnRecord(this.#folder, { scheduler: scheduler.name, channel: channel.name, prefix: runTag(runId), scriptDir, graceMs });
    } catch (error) {
      const folder = this.#folder;
      context.log('warn', `no record of this run's jobs can be kept, and none is cleared up if it is killed: ${messageOf(error)}`, {
        folder,
      });
      return undefined;
    }
  }

  /** Not before those are known that this driver takes over. */
  async #reap(): Promise<void> {
    const { scheduler, channel, context } = this.#options;
    await setImmediate();
    const own = this.#record?.path;
    const about = { folder: this.#folder, scheduler: scheduler.name, channel: channel.name, own };
    // It is held against times of files.
    await reapDeadRuns({ ...about, finder: this.#finder, log: context.log, now: Date.now });
  }

  get #folder(): string {
    return this.#options.stateFolder ?? stateFolder();
  }

  #touch(): void {
    const now = this.#clock.now();
    if (now - this.#touchedAt < TOUCH_MS) return;
    this.#touchedAt = now;
    this.#record?.touch();
  }

  #isLive(jobId: string): boolean {
    const job = this.#jobs.get(jobId);
    return job !== undefined && !isTerminal(job.status.state);
  }

  #liveIds(): string[] {
    return this.#jobs.live().map(({ jobId }) => jobId);
  }

  #refuse({ name }: JobRequest, reason: string, cause?: unknown, retryable = false): SubmitError {
    const { type, scheduler } = this.#options;
    const fields = { job: name, provider: type, retryable };
    return new SubmitError(`job '${name}' was not submitted to ${scheduler.name}: ${reason}`, { cause, fields });
  }
}

/** A channel says so while its machine cannot be reached. */
const isPassing = (error: unknown): boolean => typeof error === 'object' && error !== null && Reflect.get(error, 'retryable') === true;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
