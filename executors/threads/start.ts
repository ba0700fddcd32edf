/**
 * A started ThreadPoolExecutor: a SlotPool in the driver's process, over piscina's threads for JavaScript and over processes for
 * Python and bash.
 */
import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { ExecutorContext, ExecutorStatus, RunningExecutor, TryRequest } from '../../lib/executor.ts';
import { tellWorker } from '../../lib/kernel/channels.ts';
import { RecordBuffer } from '../../lib/wire/record-buffer.ts';
import { readResult, recordEnd } from '../../lib/wire/records.ts';
import { startReaper } from '../workers/reaper.ts';
import { killAll } from '../workers/process-tree.ts';
import { makeScratchDir } from '../workers/scratch.ts';
import { SlotPool } from '../workers/slot-pool.ts';
import { toWorkerEvent } from '../workers/worker-change.ts';
import { FunctionRegistry, WorkerFactory } from '../workers/worker-factory.ts';
import type { CompiledThreadPool } from './options.ts';
import { ThreadRunner } from './thread-runner.ts';
import type { ThreadBatch, ThreadResults } from './thread-entry.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

export async function startThreads(compiled: CompiledThreadPool, context: ExecutorContext): Promise<RunningExecutor> {
  return new ThreadExecutor(compiled, context);
}

class ThreadExecutor implements RunningExecutor {
  readonly label: string;
  readonly refusesResources = 'gives every task one of its threads, and nothing else';
  readonly #context: ExecutorContext;
  readonly #threads: Piscina<ThreadBatch, ThreadResults>;
  readonly #functions = new FunctionRegistry();
  readonly #pool: SlotPool;
  readonly #scratchDir = makeScratchDir();
  readonly #reaper;
  readonly #maxThreads: number;
  readonly #host = hostname();
  /** Why nothing is to be begun. */
  #paused: string | undefined;

  constructor({ label, maxThreads, python, env }: CompiledThreadPool, context: ExecutorContext) {
    this.label = label;
    this.#context = context;
    this.#maxThreads = maxThreads;
    const { runId, runDir, workingDirectory: cwd, storeDir } = context;
    this.#threads = new Piscina({
      filename: new URL(`./thread-entry${extension}`, import.meta.url).href,
      minThreads: 0,
      maxThreads,
      // The SlotPool queues: what piscina gets always finds a free thread.
      maxQueue: 'auto',
      idleTimeout: Number.POSITIVE_INFINITY,
      env: { ...(process.env as Record<string, string>), ...env, FLOTILLA_RUN_ID: runId, FLOTILLA_MANAGER_ID: `${runId}.${label}` },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      workerHistogram: false,
      recordTiming: false,
    });
    // What comes here concerns no batch: a result that was on its way when its thread was ended, an error after the end of a task.
    this.#threads.on('error', (error: unknown) => context.events.log('debug', `executor '${label}': ${String(error)}`));
    this.#reaper = startReaper(`${runId}.${label}`, this.#scratchDir);
    const factory = new WorkerFactory(
      {
        slots: Array.from({ length: maxThreads }, () => ({ cpus: undefined, env: {} })),
        runId,
        cwd,
        storeDir,
        python,
        env: { ...env, FLOTILLA_MANAGER_ID: `${runId}.${label}` },
        logDir: join(runDir, label),
        scratchDir: this.#scratchDir,
        nodePath: process.execPath,
        changed: (change) => tellWorker(toWorkerEvent(change, { executor: label, host: this.#host })),
      },
      this.#functions,
    );
    this.#pool = new SlotPool({
      slots: maxThreads,
      host: this.#host,
      runnerKey: (fnId) => this.#functions.runnerKey(fnId),
      createRunner: (key, slot, events) =>
        key === 'js'
          ? new ThreadRunner({ pool: this.#threads, slot, runId, functions: this.#functions, events })
          : factory.create(key, slot, events),
      results: (records) => this.#report(records),
    });
  }

  submit({ taskId, tryNumber, fn, flags, priority, context, args }: TryRequest): void {
    this.#functions.define(fn.fnId, fn.definition);
    const record = new RecordBuffer(0);
    record.appendTask({ taskId, tryNumber, fnId: fn.fnId, flags, contextLength: context.length }, context, args);
    this.#pool.submit(record.take(), priority);
  }

  #report(records: Buffer): void {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { worker, ...result } = readResult(records, at);
      this.#context.events.tryEnded({ ...result, host: this.#host, worker: `${this.label}/${worker}` });
    }
  }

  cancel(taskId: number, tryNumber: number): void {
    this.#pool.cancel([[taskId, tryNumber]]);
  }

  setPaused(why: string | undefined): void {
    this.#paused = why;
    this.#pool.isPaused = why !== undefined;
  }

  status(): ExecutorStatus {
    return { label: this.label, workers: this.#maxThreads, queued: this.#pool.queued, running: this.#pool.running };
  }

  setActive(): void {
    // The kernel's own timer keeps the process alive while there is work; idle threads and helpers do not.
  }

  explain(taskId: number): string {
    const where = this.#pool.find(taskId);
    const { queued, running } = this.#pool;
    if (where === 'running') return `running on executor '${this.label}'`;
    if (this.#paused !== undefined) return `queued at executor '${this.label}': nothing is begun, ${this.#paused}`;
    return `queued at executor '${this.label}': all ${this.#maxThreads} threads are busy (${running} running, ${queued} queued)`;
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#pool.close(timeoutMs);
    await this.#threads.close({ force: true });
    // What tasks have left running on purpose (setsid, daemons) ends with the run.
    killAll({ tag: `FLOTILLA_MANAGER_ID=${this.#context.runId}.${this.label}` });
    this.#reaper.release();
    rmSync(this.#scratchDir, { recursive: true, force: true });
  }

  killNow(): void {
    this.#pool.killNow();
    this.#reaper.fire();
  }
}
