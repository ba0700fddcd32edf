/**
 * A JavaScript or Python worker as a process of its own: starts it, feeds it batches over a socket pair, and reports how it died.
 * Knows frames and the journal; what a task means is the worker's affair.
 */
import { closeSync, existsSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { BatchFiles } from './batch-files.ts';
import { encodeFrame, FrameReader, FrameType } from '../../lib/wire/frames.ts';
import { memoryInHello, problemWithHello } from './hello.ts';
import { BatchRecall } from './batch-recall.ts';
import { peekIntoJournal, readJournal } from './journal.ts';
import { describeOverdue, readTail, START_TIMEOUT_MS, startErrorOf } from './start-error.ts';
import { killAll, type ProcessSet, signalGroup, terminateAll, untilGone, warnAll } from './process-tree.ts';
import { defineFunctions, sendBatch } from './send-batch.ts';
import { describeAborted, SHORTAGE_DELAYS_MS, shortageOf, startWorker, type StartedWorker } from './start-worker.ts';
import { type LiveWorker, toLive } from './live-worker.ts';
import type { WorkerChange } from './worker-change.ts';
import type { Batch, FunctionSource, Runner, RunnerEvents, TaskTag, WorkerExit } from './runner.ts';

export interface ProcessRunnerOptions {
  /** Names the worker's files: 'worker-3-js'. */
  readonly name: string;
  /** The whole command line; its process is the one that runs the tasks. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** stdout and stderr of the worker itself go here. */
  readonly logDir: string;
  /** For the journal; memory, short path. */
  readonly scratchDir: string;
  readonly runId: string;
  readonly functions: FunctionSource;
  readonly events: RunnerEvents;
  /** What to say when the program is not there. */
  readonly missingHint: string;
  /** A process that has not said by then that it is ready never will: short of threads, Node waits for ever. Default 2 minutes. */
  readonly startTimeoutMs?: number;
  /** Told when it starts and ends. */
  readonly changed?: (change: WorkerChange) => void;
  /** Starts the process. Default: as the system does it. */
  readonly startProcess?: typeof startWorker;
  /** How long to wait before each further attempt where the machine is short of something, ms. Default: three seconds in all. */
  readonly shortageDelaysMs?: readonly number[];
}

const GIVE_UP_MS = 500;

export class ProcessRunner implements Runner {
  readonly #options: ProcessRunnerOptions;
  readonly #files: BatchFiles;
  readonly #recall: BatchRecall;
  #worker: LiveWorker | undefined;
  #batch = 0;
  /** Whoever closes it waits for this. */
  #gone: (() => void) | undefined;
  /** What is being ended: the worker with the task that it runs. */
  #ending: ProcessSet | undefined;
  #isForced = false;
  /** Waits for a worker that is ready, which there may be no room for yet. */
  #unready: Batch | undefined;
  /** Tells the latest start from those before it. */
  #starts = 0;
  /** Starts in a row that failed because the machine was short of something. */
  #shortages = 0;
  #startingAgain: NodeJS.Timeout | undefined;

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
    this.#files = new BatchFiles(options.scratchDir, options.name);
    this.#recall = new BatchRecall(this.#files, () => performance.now());
  }

  readonly isTask = true;

  get pid(): number | undefined {
    return this.#worker?.child.pid;
  }

  get ownBytes(): number | undefined {
    return this.#worker?.ownBytes;
  }

  /** Starts the worker ahead of the first batch. */
  warmUp(): void {
    this.#worker ??= this.#start();
  }

  run(batch: Batch): void {
    this.#batch = batch.number;
    this.#recall.begin(batch.number);
    this.#ending = undefined;
    this.#isForced = false;
    this.#unready = batch;
    this.warmUp();
    if (this.#worker) this.#send(this.#worker, batch);
  }

  #send(worker: LiveWorker, batch: Batch): void {
    if (worker.isReady) this.#unready = undefined;
    // Where more tasks run, nothing tells where the words of one begin.
    if (batch.count === 1 && worker.isReady) worker.stderrFrom = fstatSync(worker.stderrFd).size;
    defineFunctions(worker, this.#options.functions, batch.records);
    sendBatch(worker.socket, batch);
  }

  finished(): Buffer {
    return peekIntoJournal(this.#files.journal, this.#batch);
  }

  takeBack(): number | undefined {
    try {
      return this.#recall.takeBack();
    } catch {
      // Somebody has removed the files (logind does that at a user's last logout): nothing is known.
      return undefined;
    }
  }

  kill(signal: 'SIGTERM' | 'SIGKILL', task: TaskTag): void {
    if (this.#startingAgain) return this.#stopWaiting(signal);
    const group = this.#worker?.child.pid;
    this.#ending = { group, tag: this.#tag(task) };
    if (signal === 'SIGTERM') return terminateAll(this.#ending);
    this.#isForced = true;
    killAll(this.#ending);
  }

  /** Nothing runs yet. */
  #stopWaiting(signal: string): void {
    clearTimeout(this.#startingAgain);
    this.#startingAgain = undefined;
    this.#unready = undefined;
    queueMicrotask(() => this.#options.events.lost({ exitCode: null, signal, stderrTail: '', finished: Buffer.alloc(0) }));
  }

  warn(task: TaskTag): void {
    const { child, isReady } = this.#worker ?? {};
    // Before it says that it is ready, nothing keeps the signal from ending it.
    if (child?.pid !== undefined && isReady) warnAll({ group: child.pid, tag: this.#tag(task) }, child.pid);
  }

  #tag({ taskId }: TaskTag): string {
    return `FLOTILLA_TASK_ID=${this.#options.runId}.${taskId}`;
  }

  /** @returns undefined where there is none: why is told later, when whoever called is done. */
  #start(): LiveWorker | undefined {
    const { name, argv, cwd, env, logDir } = this.#options;
    const start = ++this.#starts;
    const failed = (error: Error): void => this.#onStartError(start, error);
    try {
      const files = this.#files.make();
      const { startProcess = startWorker } = this.#options;
      const started = startProcess({ name, argv, cwd, env: { ...env, ...files }, logDir }, failed);
      return started && this.#attend(started);
    } catch (error) {
      queueMicrotask(() => failed(error as Error));
      return undefined;
    }
  }

  #attend(started: StartedWorker): LiveWorker {
    const worker = toLive(started);
    const { child, socket } = worker;
    // Later errors of it are of signals that it could not be sent: its end is reported.
    child.on('error', () => undefined);
    // A worker that waits for work keeps no process alive; whoever has work for it is there for other reasons.
    child.unref();
    socket.unref();
    const { name, logDir, changed } = this.#options;
    changed?.({ kind: 'workerStarted', worker: name, pid: child.pid as number, output: join(logDir, name) });
    this.#listen(worker);
    this.#expectHello(worker);
    return worker;
  }

  #listen(worker: LiveWorker): void {
    const { child, socket } = worker;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk, (type, body) => {
          if (!worker.isReady) this.#greet(worker, type, body);
          else if (type === FrameType.Results) this.#onResults(body);
        });
      } catch (error) {
        // Not our protocol: something wrote to fd 3. The worker cannot be trusted any more.
        this.#refuse(worker, `what it sends is not of Flotilla's protocol (${(error as Error).message})`);
      }
    });
    const socketEnded = (): void => {
      worker.socketEnded = true;
      this.#reportIfGone(worker);
    };
    socket.once('close', socketEnded);
    // A write to a worker that has just died: its exit is on the way.
    socket.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      worker.exit = { code, signal };
      const { name, changed } = this.#options;
      changed?.({ kind: 'workerEnded', worker: name, pid: child.pid as number, exitCode: code, signal });
      void this.#endRest(worker);
    });
  }

  #expectHello(worker: LiveWorker): void {
    const timer = setTimeout(() => {
      if (worker.isReady || worker.exit) return;
      worker.isOverdue = true;
      signalGroup(worker.child.pid as number, 'SIGKILL');
    }, this.#options.startTimeoutMs ?? START_TIMEOUT_MS);
    timer.unref();
    worker.child.once('exit', () => clearTimeout(timer));
  }

  /** One without results ends its batch; it may come behind the results for which the batch after it was given out. */
  #onResults(body: Buffer): void {
    if (body.length > 4) this.#options.events.results(body.subarray(4));
    else if (body.readUInt32LE(0) === this.#batch) this.#options.events.endedEarly();
  }

  #greet(worker: LiveWorker, type: number, body: Buffer): void {
    const problem = problemWithHello(type, body);
    if (problem !== undefined) return this.#refuse(worker, problem);
    worker.isReady = true;
    this.#unready = undefined;
    this.#shortages = 0;
    worker.ownBytes = memoryInHello(body);
  }

  #refuse(worker: LiveWorker, why: string): void {
    worker.refusal ??= why;
    signalGroup(worker.child.pid as number, 'SIGKILL');
  }

  /** Whatever it started must not outlive it, nor keep its socket open. Where it was told to end, so was that: it has its time. */
  async #endRest(worker: LiveWorker): Promise<void> {
    if (this.#ending) await untilGone(this.#ending, () => this.#isForced);
    else killAll({ group: worker.child.pid });
    worker.restEnded = true;
    this.#reportIfGone(worker);
  }

  #onStartError(start: number, error: NodeJS.ErrnoException): void {
    if (start !== this.#starts || this.#worker) return;
    const { argv, cwd, missingHint } = this.#options;
    const shortage = shortageOf(error);
    if (shortage !== undefined) return this.#onShortage(`${argv.join(' ')} could not be started: ${error.message}: ${shortage}`);
    // Spawning blames the program even when it is the directory that is missing.
    const why = existsSync(cwd)
      ? `${error.message}. ${missingHint}`
      : `its directory ${cwd} does not exist there. Make it, or set workingDir.`;
    this.#reportNoWorker({ startError: `${argv.join(' ')} cannot be started: ${why}` });
  }

  /** It may be over soon: what waits for the worker waits for some seconds. Once that was in vain, nobody is held up again. */
  #onShortage(why: string): void {
    const { shortageDelaysMs = SHORTAGE_DELAYS_MS } = this.#options;
    const delayMs = shortageDelaysMs[this.#shortages++];
    if (this.#unready === undefined || delayMs === undefined) return this.#reportNoWorker({ shortage: why });
    this.#startingAgain = setTimeout(() => {
      this.#startingAgain = undefined;
      if (this.#unready) this.run(this.#unready);
    }, delayMs);
  }

  #reportNoWorker(why: Pick<WorkerExit, 'startError' | 'shortage'>): void {
    this.#unready = undefined;
    this.#options.events.lost({ exitCode: null, signal: null, stderrTail: '', ...why, finished: Buffer.alloc(0) });
  }

  /** Only when the process is gone and its socket is read to the end is it known what it has finished. */
  #reportIfGone(worker: LiveWorker): void {
    if (!worker.exit || !worker.restEnded || !worker.socketEnded) return;
    const { code, signal } = worker.exit;
    const stderrTail = readTail(worker.stderrFd, worker.stderrFrom);
    closeSync(worker.stderrFd);
    if (this.#worker === worker) this.#worker = undefined;
    // What it was to run has not begun.
    if (signal === 'SIGABRT' && !worker.isReady && !this.#ending && !this.#gone)
      return this.#onShortage(describeAborted(this.#options.argv, stderrTail));
    this.#unready = undefined;
    const finished = readJournal(this.#files.journal, this.#batch);
    const exit: WorkerExit = {
      exitCode: code,
      signal,
      stderrTail,
      finished,
      ...(worker.isOverdue ? { shortage: describeOverdue(this.#options) } : {}),
    };
    const startError = worker.isReady ? undefined : startErrorOf(this.#options, worker.refusal, exit);
    this.#options.events.lost(startError === undefined ? exit : { ...exit, startError });
    this.#gone?.();
  }

  async close(timeoutMs: number, running?: TaskTag): Promise<void> {
    const worker = this.#worker;
    clearTimeout(this.#startingAgain);
    if (!worker) return this.#files.remove();
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.resolve;
    worker.socket.write(encodeFrame(FrameType.Shutdown));
    if (running) this.kill('SIGTERM', running);
    const killing = setTimeout(() => this.killNow(), timeoutMs);
    // Somebody out of reach may hold its socket open.
    const givingUp = setTimeout(gone.resolve, timeoutMs + GIVE_UP_MS);
    await gone.promise;
    clearTimeout(killing);
    clearTimeout(givingUp);
    this.#files.remove();
  }

  killNow(): void {
    clearTimeout(this.#startingAgain);
    const pid = this.#worker?.child.pid;
    if (pid === undefined) return;
    this.#isForced = true;
    if (this.#ending) killAll(this.#ending);
    signalGroup(pid, 'SIGKILL');
  }
}
