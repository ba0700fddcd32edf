/**
 * Runs jobs as processes of this machine. Owns their scripts and the table of jobs; one job's life is local-job.ts.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SubmitError } from '../../lib/errors/engine-errors.ts';
import { forgetOldest } from '../../lib/forget-oldest.ts';
import type { AdoptedJob, JobRequest, JobStatus, ProviderContext, RunningProvider } from '../../lib/provider.ts';
import { buildJobScript } from '../job-script.ts';
import { LocalJob, type LocalJobOptions } from './local-job.ts';
import type { CompiledLocalProvider } from './options.ts';

/** That a job has ended is told when it does: it is asked for again within minutes, if at all. */
const MOST_ENDED = 1000;

export class RunningLocalProvider implements RunningProvider {
  readonly #options: CompiledLocalProvider;
  readonly #context: ProviderContext;
  /** Those of which a process may be left. The numbers of the others may be other people's by now. */
  readonly #jobs = new Map<string, LocalJob>();
  readonly #ended = new Map<string, JobStatus>();
  /** Submissions whose process is not there yet: closing waits for them, so that none starts behind its back. */
  readonly #starting = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: CompiledLocalProvider, context: ProviderContext) {
    this.#options = options;
    this.#context = context;
  }

  adopt(jobs: readonly AdoptedJob[]): void {
    for (const { jobId, name, stdoutPath = '', stderrPath = '' } of jobs) {
      const options = { ...this.#jobOptions(name), stdoutPath, stderrPath };
      const job = LocalJob.adopt(jobId, options);
      if (job) this.#keep(job);
      else
        setImmediate(() =>
          this.#context.jobChanged(jobId, { state: 'completed', reason: 'it ended after its driver', stdoutPath, stderrPath }),
        );
    }
  }

  async submit(request: JobRequest): Promise<string> {
    if (this.#closed) throw submitError(request, 'the provider is closed');
    const starting = this.#start(request);
    this.#starting.add(starting);
    try {
      const job = await starting;
      this.#keep(job);
      setImmediate(() => this.#context.jobChanged(job.id, job.status));
      return job.id;
    } catch (error) {
      throw submitError(request, this.#explain(error), error);
    } finally {
      this.#starting.delete(starting);
    }
  }

  #keep(job: LocalJob): void {
    this.#jobs.set(job.id, job);
    this.#ended.delete(job.id);
    void job.gone.then(() => this.#onGone(job));
  }

  #onGone(job: LocalJob): void {
    if (this.#jobs.get(job.id) !== job) return;
    this.#jobs.delete(job.id);
    this.#ended.set(job.id, job.status);
    forgetOldest(this.#ended, MOST_ENDED);
  }

  async status(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    return new Map(jobIds.map((id) => [id, this.#jobs.get(id)?.status ?? this.#ended.get(id) ?? { state: 'unknown' }]));
  }

  async cancel(jobIds: readonly string[]): Promise<void> {
    await Promise.all(jobIds.map(async (id) => this.#jobs.get(id)?.cancel()));
  }

  killNow(): void {
    this.#closed = true;
    for (const job of this.#jobs.values()) job.killNow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#starting);
    await this.cancel([...this.#jobs.keys()]);
  }

  async #start(request: JobRequest): Promise<LocalJob> {
    const { scriptDir } = this.#context;
    const path = join(scriptDir, requireFileName(request.name));
    const script = buildJobScript({ ...request, workerInit: this.#options.workerInit });
    await mkdir(scriptDir, { recursive: true, mode: 0o755 });
    await writeFile(`${path}.sh`, script, { mode: 0o700 });
    if (this.#closed) throw new Error('the provider was closed meanwhile');
    return LocalJob.start(this.#jobOptions(request.name));
  }

  #jobOptions(name: string): LocalJobOptions {
    const path = join(this.#context.scriptDir, name);
    return {
      name,
      scriptPath: `${path}.sh`,
      stdoutPath: `${path}.stdout`,
      stderrPath: `${path}.stderr`,
      workingDirectory: this.#context.workingDirectory,
      walltimeMs: this.#options.limits.walltimeMs,
      changed: (job) => this.#context.jobChanged(job.id, job.status),
    };
  }

  /** Spawning blames the program even when it is the directory that is missing. */
  #explain(error: unknown): string {
    const { workingDirectory } = this.#context;
    if (!existsSync(workingDirectory)) return `its working directory does not exist: ${workingDirectory}`;
    const message = error instanceof Error ? error.message : String(error);
    return message.startsWith('spawn bash') ? `${message}; bash must be on PATH` : message;
  }
}

function requireFileName(name: string): string {
  if (/^\w[\w.@+-]*$/.test(name)) return name;
  throw new RangeError(`${JSON.stringify(name)} cannot be a job's name; use letters, digits and . _ @ + -`);
}

function submitError(request: JobRequest, reason: string, cause?: unknown): SubmitError {
  const fields = { job: request.name, provider: 'LocalProvider', retryable: false };
  return new SubmitError(`job '${request.name}' could not be started on this machine: ${reason}`, { cause, fields });
}
