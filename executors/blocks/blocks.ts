/**
 * The blocks of one executor, alive: the shell that feeds the scaler and does what it decides. Owns its timers; decides nothing
 * about how many blocks there are, and knows tasks only as numbers.
 */
import { ExecutorFailed } from '../../lib/errors/engine-errors.ts';
import type { BlockChanged } from '../../lib/events/events.ts';
import { tellBlock } from '../../lib/kernel/channels.ts';
import { isTerminal, type JobStatus } from '../../lib/provider.ts';
import { steadyNow } from '../../lib/steady-clock.ts';
import type { BlockJob } from './block-jobs.ts';
import type { AdoptedBlock, BlocksOptions } from './blocks-options.ts';
import { budgetSpent, executorFailed } from './failure-report.ts';
import { JobRunner } from './job-runner.ts';
import { withinLimit } from './limit.ts';
import { createScaler, step } from './scaler.ts';
import type { BlockId, Scaler, ScalerEffect, ScalerEvent } from './scaler-types.ts';
import { describeBlocks, describeBudget } from './status-text.ts';

/** Work that comes and ends again and again is looked at once in so long. */
const LOOK_AGAIN_MS = 50;

export class Blocks {
  readonly #options: BlocksOptions;
  readonly #now: () => number;
  readonly #scaler: Scaler;
  readonly #failed = new Map<BlockId, JobStatus>();
  #runner: JobRunner | undefined;
  #periodTimer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #cameAgain = false;
  #wakeAt = Number.POSITIVE_INFINITY;
  #results = 0;
  #hasFailed = false;
  #closing: Promise<void> | undefined;

  constructor(options: BlocksOptions) {
    this.#options = options;
    // A clock that is set back must not keep blocks from being submitted.
    this.#now = options.now ?? steadyNow;
    this.#scaler = createScaler({
      limits: options.provider.limits,
      strategy: options.strategy ?? 'simple',
      maxIdleTimeMs: options.maxIdleTimeMs ?? 120_000,
      failureLimit: (options.errorHandler ?? true) === true ? (options.failureLimit ?? 3) : Number.POSITIVE_INFINITY,
      desertedLimitMs: options.desertedLimitMs,
    });
  }

  /**
   * Starts the provider and the first blocks.
   * @throws what the provider throws when it cannot be started at all.
   */
  start(): void {
    this.#runner = new JobRunner(this.#options, this.#now, {
      submitted: (blockId, jobId) => this.#submitted(blockId, jobId),
      submitFailed: (blockId, error) => this.#submitFailed(blockId, error),
      changed: (job) => this.#changed(job),
      troubled: (what, error) => this.#log('warn', `${what}: ${messageOf(error)}`),
    });
    this.#periodTimer = setInterval(() => this.tick(), this.#options.strategyPeriodMs ?? 5000);
    this.#periodTimer.unref();
    const { adopted = [] } = this.#options;
    this.#runner.adopt(adopted);
    this.#step({ kind: 'started', at: this.#now(), adopted, spentNodeMs: this.#options.spentNodeMs });
  }

  /** Work comes where there was none: looks at the load at the end of the turn instead of at the next period, or soon if it has just done so. */
  workCame(): void {
    this.#cameAgain = this.#lookTimer !== undefined;
    if (this.#cameAgain) return;
    queueMicrotask(() => this.tick());
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = undefined;
      if (this.#cameAgain) this.workCame();
    }, LOOK_AGAIN_MS);
    this.#lookTimer.unref();
  }

  /** Looks at the load now. */
  tick(): void {
    if (this.#runner === undefined) return;
    this.#obey(step(this.#scaler, { kind: 'tick', at: this.#now(), load: { ...this.#options.load(), results: this.#results } }));
  }

  /** From a manager: blocks do work. */
  resultsCame(): void {
    this.#results++;
  }

  managerRegistered(blockId: BlockId, slots: number): void {
    this.#step({ kind: 'managerRegistered', at: this.#now(), blockId, slots, earliest: this.jobOf(blockId)?.seenAt });
  }

  managerGone(blockId: BlockId, reason: string): void {
    this.#log('info', `a manager of block ${blockId} is gone: ${reason}`, { blockId });
    this.#step({ kind: 'managerGone', at: this.#now(), blockId });
  }

  /** Why there are no workers, block by block; for `explain`. */
  status(): string {
    const blocks = describeBlocks(this.#scaler, (blockId) => this.jobOf(blockId), this.#now());
    return [blocks, ...(this.#runner?.explain() ?? [])].join('; ');
  }

  /** What keeps more blocks from being submitted, with figures; undefined: nothing, or no more are wanted. */
  get restriction(): string | undefined {
    return describeBudget(this.#scaler, this.#now());
  }

  /** Used of the budget by blocks that have ended. */
  get spentNodeMs(): number {
    return this.#runner ? this.#scaler.spentNodeMs : (this.#options.spentNodeMs ?? 0);
  }

  /** Jobs that have not ended; before the start those that are to be adopted. */
  get jobs(): readonly AdoptedBlock[] {
    if (!this.#runner) return this.#options.adopted ?? [];
    return this.#runner.jobs.live().map(({ blockId, jobId, name, stdoutPath, stderrPath }) => ({
      blockId,
      jobId,
      name,
      stdoutPath,
      stderrPath,
      startedAt: this.#scaler.blocks.get(blockId)?.times.startedAt,
    }));
  }

  /** With exit code, signal and the tail of its stderr once it has ended. */
  jobOf(blockId: BlockId): BlockJob | undefined {
    return this.#runner?.jobs.get(blockId);
  }

  /**
   * The block's job once it has ended, or as it is after `limitMs`: a manager's loss is often heard of before its job's end, and
   * exit code and stderr come with the latter.
   */
  async jobEnd(blockId: BlockId, limitMs: number): Promise<BlockJob | undefined> {
    if (this.#runner !== undefined) await withinLimit(this.#runner.jobs.ended(blockId), limitMs);
    return this.jobOf(blockId);
  }

  /** Cancels every block, also those still pending. Idempotent; what is left after `timeoutMs` is killed. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  /** Looks after them no more; their jobs go on. */
  abandon(): void {
    this.#clearTimers();
    this.#runner?.abandon();
  }

  killNow(): void {
    this.#stop();
    this.#runner?.killNow();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#stop();
    const runner = this.#runner;
    if (runner === undefined || (await withinLimit(runner.close(), timeoutMs))) return;
    this.#log('warn', `blocks have not ended within ${timeoutMs} ms and are killed: ${this.status()}`);
    runner.killNow();
  }

  /** From here on the scaler submits nothing; a job whose submission is under way is cancelled when it is there. */
  #stop(): void {
    this.#clearTimers();
    this.#step({ kind: 'closing', at: this.#now() });
  }

  #clearTimers(): void {
    clearInterval(this.#periodTimer);
    clearTimeout(this.#wakeTimer);
    clearTimeout(this.#lookTimer);
  }

  #step(event: ScalerEvent): void {
    if (this.#runner === undefined) return;
    this.#obey(step(this.#scaler, event));
    this.tick();
  }

  #obey(effects: readonly ScalerEffect[]): void {
    const cancelled: BlockId[] = [];
    for (const effect of effects) {
      if (effect.kind === 'submitBlock') this.#runner?.submit(effect.blockId);
      else if (effect.kind === 'drainBlock') this.#drain(effect.blockId);
      else if (effect.kind === 'cancelBlock') cancelled.push(effect.blockId);
      else if (effect.kind === 'failExecutor') this.#fail(executorFailed(this.#options.label, effect, this.#runner?.scriptDir ?? ''));
      else if (effect.kind === 'budgetSpent')
        this.#fail(budgetSpent(this.#options.label, effect.figures, this.#options.load().outstanding));
      else if (effect.kind === 'blockRestarts') this.#restart(effect.blockId);
      else this.#wake(effect.at);
    }
    if (cancelled.length > 0) void this.#runner?.cancel(cancelled);
  }

  #submitted(blockId: BlockId, jobId: string): void {
    this.#log('info', `block ${blockId} is job ${jobId}`, { blockId, jobId });
    tellBlock({ kind: 'blockSubmitted', executor: this.#options.label, block: blockId, job: jobId });
    this.#options.onJobs?.();
    this.#step({ kind: 'blockSubmitted', at: this.#now(), blockId });
  }

  #submitFailed(blockId: BlockId, error: unknown): void {
    const retryable = typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true;
    this.#log('warn', `block ${blockId} was not submitted: ${messageOf(error)}`, { blockId, retryable });
    tellBlock({ kind: 'blockSubmitFailed', executor: this.#options.label, block: blockId, reason: messageOf(error) });
    this.#step({ kind: 'blockSubmitFailed', at: this.#now(), blockId, error, retryable });
    if (!retryable) this.#askHandler(blockId, { state: 'failed', reason: messageOf(error) });
  }

  #changed(job: BlockJob): void {
    const { blockId, jobId, state, reason } = job;
    const level = state === 'failed' || state === 'timeout' ? 'warn' : 'info';
    this.#log(level, `block ${blockId} is ${state}${reason === undefined ? '' : `: ${reason}`}`, { blockId, jobId });
    tellBlock(describeChange(this.#options.label, job));
    if (isTerminal(state)) this.#options.onJobs?.();
    if (isTerminal(state)) this.#options.onEnded?.(blockId);
    this.#step({ kind: 'blockState', at: this.#now(), blockId, status: job, stderrTail: job.stderrTail, earliest: job.earliest });
    if (state === 'failed') this.#askHandler(blockId, job);
  }

  /** A handler of the user's decides in the scaler's place whether failing blocks fail the executor. */
  #askHandler(blockId: BlockId, status: JobStatus): void {
    const { errorHandler, label } = this.#options;
    if (typeof errorHandler !== 'function' || this.#closing !== undefined || this.#hasFailed) return;
    this.#failed.set(blockId, status);
    const error = errorHandler(this.#failed);
    if (error === undefined) return;
    this.#stop();
    this.#fail(new ExecutorFailed(label, `blockErrorHandler says: ${error.message}`, { cause: error }));
  }

  #fail(error: ExecutorFailed): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onFail(error);
  }

  #drain(blockId: BlockId): void {
    this.#log('info', `block ${blockId} is not needed and is let go`, { blockId });
    tellBlock({ kind: 'blockDrained', executor: this.#options.label, block: blockId });
    this.#options.onDrain(blockId);
  }

  #restart(blockId: BlockId): void {
    this.#log('warn', `block ${blockId} was put back into the queue; its managers are given up`, { blockId });
    this.#options.onRestart?.(blockId);
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt) return;
    clearTimeout(this.#wakeTimer);
    this.#wakeAt = at;
    this.#wakeTimer = setTimeout(() => this.#onWake(), Math.max(0, at - this.#now()));
    this.#wakeTimer.unref();
  }

  #onWake(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.tick();
  }

  #log(level: 'info' | 'warn', message: string, fields: Record<string, unknown> = {}): void {
    this.#options.context.log(level, `executor '${this.#options.label}': ${message}`, fields);
  }
}

function describeChange(executor: string, { blockId, jobId, state, reason, exitCode, signal }: BlockJob): BlockChanged {
  return {
    kind: 'blockChanged',
    executor,
    block: blockId,
    job: jobId,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
