/**
 * Runs jobs on the kernel that is open, a limited number under way at once, and stops when it is told to. Each job is a call of
 * one bashApp whose output goes to files. Knows neither where jobs come from nor what is done with them when they have ended.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { statSync } from 'node:fs';
import { bashApp } from '../../lib/apps/bash-app.ts';
import { BashExitError } from '../../lib/errors/bash-exit-error.ts';
import { NoKernelError } from '../../lib/errors/engine-errors.ts';
import { CancelledError } from '../../lib/errors/task-errors.ts';
import type { AppFuture } from '../../lib/futures/app-future.ts';
import type { JobEnd } from './halt.ts';
import type { EndedJob, Job, JobFiles } from './job.ts';
import { signalNumber } from './job-record.ts';
import type { JoblogEntry } from './joblog.ts';

export interface JobEvents {
  started(job: Job): void;
  /** @returns what to do now. */
  ended(ended: EndedJob): 'now' | 'soon' | 'continue';
  /** It was under way when everything was stopped. */
  dropped(job: Job): void;
}

export interface RunOptions {
  /** Absolute path of a folder for their output. */
  readonly folder: string;
  /** Jobs under way at once. */
  readonly limit: number;
}

/** Neither a code nor a signal: the command is not what failed. */
const TROUBLE: JobEnd = { exitCode: -1, signal: 0 };

const runCommand = bashApp((command: string) => command, { name: 'map' });

export class JobRun {
  readonly #source: AsyncIterator<Job>;
  readonly #options: RunOptions;
  readonly #events: JobEvents;
  readonly #underWay = new Map<number, AppFuture<0>>();
  readonly #finished = Promise.withResolvers<void>();
  #reading = false;
  #exhausted = false;

  constructor(jobs: AsyncIterable<Job>, options: RunOptions, events: JobEvents) {
    this.#source = jobs[Symbol.asyncIterator]();
    this.#options = options;
    this.#events = events;
  }

  /** Resolves when all have ended, or those under way when it was stopped. Rejects if the source of jobs does. */
  run(): Promise<void> {
    this.#readOn();
    return this.#finished.promise;
  }

  /** 'soon': starts no more; 'now': ends what runs too. */
  stop(when: 'now' | 'soon'): void {
    this.#exhausted = true;
    if (when === 'now') for (const future of this.#underWay.values()) future.cancel('flotilla map stops');
    this.#finishIfDone();
  }

  #readOn(): void {
    if (this.#reading || this.#exhausted || this.#underWay.size >= this.#options.limit) return this.#finishIfDone();
    this.#reading = true;
    this.#source.next().then(
      (next) => {
        this.#reading = false;
        if (next.done) this.#exhausted = true;
        else if (!this.#exhausted) this.#start(next.value);
        this.#readOn();
      },
      (error: unknown) => {
        // Before it stops, which resolves it where nothing is under way.
        this.#finished.reject(error);
        this.stop('now');
      },
    );
  }

  #finishIfDone(): void {
    if (this.#exhausted && this.#underWay.size === 0) this.#finished.resolve();
  }

  #start(job: Job): void {
    const files = { stdout: join(this.#options.folder, `${job.seq}.out`), stderr: join(this.#options.folder, `${job.seq}.err`) };
    let future: AppFuture<0>;
    try {
      const env = { PARALLEL_SEQ: String(job.seq) };
      future = runCommand.with({ stdout: [files.stdout, 'w'], stderr: [files.stderr, 'w'], env })(job.command);
    } catch (error) {
      // Interrupted: the kernel takes no more, and ends what runs.
      if (error instanceof NoKernelError) return this.stop('now');
      throw error;
    }
    this.#underWay.set(job.seq, future);
    this.#events.started(job);
    future.then(
      () => this.#ended(job, future, files, undefined),
      (error: unknown) => this.#ended(job, future, files, error),
    );
  }

  #ended(job: Job, future: AppFuture<0>, files: JobFiles, error: unknown): void {
    this.#underWay.delete(job.seq);
    if (error instanceof CancelledError) this.#events.dropped(job);
    else {
      const next = this.#events.ended(describeEnd(job, future, files, error));
      if (next !== 'continue') this.stop(next);
    }
    this.#readOn();
  }
}

function describeEnd(job: Job, future: AppFuture<0>, files: JobFiles, error: unknown): EndedJob {
  const last = future.tries.at(-1);
  const startMs = last?.start?.getTime() ?? Date.now();
  const runtimeMs = Math.max(0, (last?.end?.getTime() ?? startMs) - startMs);
  return { job, files, host: last?.host ?? '', startMs, runtimeMs, ...whyEnded(error) };
}

function whyEnded(error: unknown): JobEnd & { readonly trouble: string | undefined } {
  if (error === undefined) return { exitCode: 0, signal: 0, trouble: undefined };
  if (error instanceof BashExitError && (error.exitCode !== null || error.signal !== null)) {
    return { exitCode: error.exitCode ?? 0, signal: signalNumber(error.signal), trouble: undefined };
  }
  return { ...TROUBLE, trouble: error instanceof Error ? error.message : String(error) };
}

/** As the job log has it. */
export function toJoblogEntry({ job, files, host, startMs, runtimeMs, exitCode, signal }: EndedJob): JoblogEntry {
  const received = statSync(files.stdout, { throwIfNoEntry: false })?.size ?? 0;
  return { ...job, host: host === '' || host === hostname() ? ':' : host, startMs, runtimeMs, received, exitCode, signal };
}
