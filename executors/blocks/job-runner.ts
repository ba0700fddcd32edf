/**
 * Blocks as a provider's jobs: submits, asks and cancels, and reports what becomes of them. Owns the provider's running side and
 * its poll; decides nothing.
 */
import { isTerminal, type JobRequest, type JobStatus, type RunningProvider } from '../../lib/provider.ts';
import { type BlockJob, BlockJobs, STDERR_TAIL_BYTES } from './block-jobs.ts';
import type { AdoptedBlock, BlocksOptions } from './blocks-options.ts';
import { requestJob, scriptDirOf } from './job-request.ts';
import type { BlockId } from './scaler-types.ts';

export interface JobEvents {
  submitted(blockId: BlockId, jobId: string): void;
  submitFailed(blockId: BlockId, error: unknown): void;
  /** The job came into another state. */
  changed(job: BlockJob): void;
  /** The provider could not be asked or told something; nothing is known to have changed. */
  troubled(what: string, error: unknown): void;
}

export class JobRunner {
  /** Where the jobs' scripts and logs are. */
  readonly scriptDir: string;
  readonly jobs = new BlockJobs();
  readonly #options: BlocksOptions;
  readonly #events: JobEvents;
  readonly #now: () => number;
  readonly #provider: RunningProvider;
  readonly #submitting = new Set<Promise<void>>();
  readonly #pollTimer: NodeJS.Timeout;
  #polling = false;

  constructor(options: BlocksOptions, now: () => number, events: JobEvents) {
    const { context, provider, label } = options;
    this.#options = options;
    this.#now = now;
    this.#events = events;
    this.scriptDir = scriptDirOf(context.runDir, label);
    this.#provider = provider.start({
      runId: context.runId,
      scriptDir: this.scriptDir,
      workingDirectory: context.workingDirectory,
      orphanGraceMs: context.orphanGraceMs,
      jobChanged: (jobId, status) => this.#update(jobId, status),
      log: (level, message, fields) => context.log(level, `executor '${label}': ${message}`, fields),
    });
    this.#pollTimer = setInterval(() => void this.#poll(), provider.statusPollMs);
    this.#pollTimer.unref();
  }

  /** Jobs of a driver before this one. */
  adopt(blocks: readonly AdoptedBlock[]): void {
    for (const { blockId, jobId, name } of blocks) this.jobs.add(blockId, jobId, name, this.#now());
    this.#provider.adopt?.(blocks);
    void this.#poll();
  }

  submit(blockId: BlockId): void {
    const submission = this.#submit(blockId).finally(() => this.#submitting.delete(submission));
    this.#submitting.add(submission);
  }

  /** What keeps the provider from submitting or asking; whole clauses. */
  explain(): readonly string[] {
    return this.#provider.explain?.() ?? [];
  }

  /** Blocks without a job are passed over. */
  async cancel(blockIds: readonly BlockId[]): Promise<void> {
    await this.#cancelJobs(blockIds.flatMap((blockId) => this.jobs.get(blockId)?.jobId ?? []));
  }

  /** Cancels every job, also those whose submission is under way. Resolves when the provider has let go of all. */
  async close(): Promise<void> {
    clearInterval(this.#pollTimer);
    this.#provider.stopSubmitting?.();
    await Promise.all(this.#submitting);
    await this.#cancelJobs(this.#liveIds());
    await this.#provider.close();
  }

  abandon(): void {
    clearInterval(this.#pollTimer);
  }

  killNow(): void {
    this.abandon();
    this.#provider.killNow();
  }

  #liveIds(): string[] {
    return this.jobs.live().map(({ jobId }) => jobId);
  }

  async #submit(blockId: BlockId): Promise<void> {
    const { context, env, label, provider } = this.#options;
    let request: JobRequest;
    let jobId: string;
    try {
      request = requestJob({ runId: context.runId, label, blockId, provider, command: this.#options.command(blockId), env });
      jobId = await this.#provider.submit(request);
    } catch (error) {
      return this.#events.submitFailed(blockId, error);
    }
    const early = this.jobs.add(blockId, jobId, request.name, this.#now());
    this.#events.submitted(blockId, jobId);
    if (early !== undefined) this.#update(jobId, early);
  }

  /** Where the job's files are elsewhere, its end is told with what it said last. */
  #update(jobId: string, status: JobStatus, asOf?: number): void {
    const { readTail } = this.#options;
    const { state, stderrPath } = status;
    if (readTail === undefined || stderrPath === undefined || !isTerminal(state)) return this.#record(jobId, status, asOf);
    void readTail(stderrPath, STDERR_TAIL_BYTES).then((stderrTail) => this.#record(jobId, { ...status, stderrTail }, asOf));
  }

  #record(jobId: string, status: JobStatus & { readonly stderrTail?: string }, asOf?: number): void {
    const job = this.jobs.update(jobId, status, this.#now(), asOf);
    if (job !== undefined) this.#events.changed(job);
  }

  async #cancelJobs(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0) return;
    try {
      await this.#provider.cancel(jobIds);
    } catch (error) {
      this.#events.troubled(`jobs ${jobIds.join(', ')} could not be cancelled`, error);
    }
  }

  /** One query at a time, and none while no job lives. One that fails says nothing about the jobs. */
  async #poll(): Promise<void> {
    const jobIds = this.#liveIds();
    if (jobIds.length === 0 || this.#polling) return;
    this.#polling = true;
    const asOf = this.#now();
    try {
      for (const [jobId, status] of await this.#provider.status(jobIds)) this.#update(jobId, status, asOf);
    } catch (error) {
      this.#events.troubled(`the state of jobs ${jobIds.join(', ')} could not be asked`, error);
    } finally {
      this.#polling = false;
    }
  }
}
