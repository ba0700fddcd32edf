/**
 * A JavaScript or Python worker as a process of its own: starts it, feeds it batches over a socket pair, and reports how it died.
 * Knows frames and the journal; what a task means is the worker's affair.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { encodeFrame, encodeFrameHeader, FRAME_HEADER_BYTES, FrameReader, FrameType } from '../../lib/wire/frames.ts';
import { readTaskHeader, recordEnd } from '../../lib/wire/records.ts';
import { problemWithHello } from './hello.ts';
import { BatchRecall } from './batch-recall.ts';
import { countInJournal, peekIntoJournal, readJournal } from './journal.ts';
import { killAll, type ProcessSet, signalGroup, terminateAll, untilGone, warnAll } from './process-tree.ts';
import { readStderrTail } from './stderr-tail.ts';
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
  /** Told when it starts and ends. */
  readonly changed?: (change: WorkerChange) => void;
}

const GIVE_UP_MS = 500;
const COPY_LIMIT = 64 * 1024;
/** Frame header, u32 batch, u32 count. */
const TASKS_PREFIX = FRAME_HEADER_BYTES + 8;

interface LiveWorker {
  readonly child: ChildProcess;
  readonly socket: Socket;
  readonly defined: Set<number>;
  readonly stderrFd: number;
  /** What it wrote before is of other tasks. */
  stderrFrom: number;
  exit: { code: number | null; signal: string | null } | undefined;
  socketEnded: boolean;
  /** Its Hello came: from here on it may run tasks, and its death may be theirs. */
  isReady: boolean;
  /** Why its words are not listened to any more. */
  refusal: string | undefined;
  /** What it had started is gone. */
  restEnded: boolean;
}

export class ProcessRunner implements Runner {
  readonly #options: ProcessRunnerOptions;
  readonly #journal: string;
  /** u32 batch, u32 tasks of it that the worker may start. */
  readonly #limit: string;
  readonly #recall: BatchRecall;
  #worker: LiveWorker | undefined;
  #batch = 0;
  /** Whoever closes it waits for this. */
  #gone: (() => void) | undefined;
  /** What is being ended: the worker with the task that it runs. */
  #ending: ProcessSet | undefined;
  #isForced = false;

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
    this.#journal = join(options.scratchDir, `${options.name}.journal`);
    this.#limit = join(options.scratchDir, `${options.name}.limit`);
    const files = {
      finished: (batch: number) => countInJournal(this.#journal, batch),
      writeLimit: (batch: number, limit: number) => this.#writeLimit(batch, limit),
    };
    this.#recall = new BatchRecall(files, () => performance.now());
  }

  readonly isTask = true;

  get pid(): number | undefined {
    return this.#worker?.child.pid;
  }

  /** Starts the worker ahead of the first batch. */
  warmUp(): void {
    this.#worker ??= this.#start();
  }

  run(batch: Batch): void {
    this.warmUp();
    const worker = this.#worker;
    // Could not be started: #start has reported that.
    if (!worker) return;
    this.#batch = batch.number;
    this.#recall.begin(batch.number);
    this.#ending = undefined;
    this.#isForced = false;
    // Where more tasks run, nothing tells where the words of one begin.
    if (batch.count === 1 && worker.isReady) worker.stderrFrom = fstatSync(worker.stderrFd).size;
    this.#defineFunctions(worker, batch.records);
    const { records } = batch;
    if (records.length < COPY_LIMIT) {
      const frame = Buffer.allocUnsafe(TASKS_PREFIX + records.length);
      writeTasksPrefix(frame, batch);
      records.copy(frame, TASKS_PREFIX);
      worker.socket.write(frame);
      return;
    }
    const prefix = Buffer.allocUnsafe(TASKS_PREFIX);
    writeTasksPrefix(prefix, batch);
    worker.socket.cork();
    worker.socket.write(prefix);
    worker.socket.write(records);
    worker.socket.uncork();
  }

  #defineFunctions(worker: LiveWorker, records: Buffer): void {
    let last = -1;
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { fnId } = readTaskHeader(records, at);
      if (fnId === last || worker.defined.has(fnId)) continue;
      last = fnId;
      worker.defined.add(fnId);
      const definition = this.#options.functions.definition(fnId);
      if (!definition) continue;
      const id = Buffer.allocUnsafe(4);
      id.writeUInt32LE(fnId, 0);
      worker.socket.write(encodeFrame(FrameType.Define, id, definition));
    }
  }

  finished(): Buffer {
    return peekIntoJournal(this.#journal, this.#batch);
  }

  takeBack(): number | undefined {
    try {
      return this.#recall.takeBack();
    } catch {
      // Somebody has removed the files (logind does that at a user's last logout): nothing is known.
      return undefined;
    }
  }

  #writeLimit(batch: number, limit: number): void {
    const word = Buffer.alloc(8);
    word.writeUInt32LE(batch, 0);
    word.writeUInt32LE(limit, 4);
    // Never cut off: the worker may be reading it.
    writeFileSync(this.#limit, word, { flag: 'r+' });
  }

  kill(signal: 'SIGTERM' | 'SIGKILL', task: TaskTag): void {
    const group = this.#worker?.child.pid;
    this.#ending = { group, tag: this.#tag(task) };
    if (signal === 'SIGTERM') return terminateAll(this.#ending);
    this.#isForced = true;
    killAll(this.#ending);
  }

  warn(task: TaskTag): void {
    const { child, isReady } = this.#worker ?? {};
    // Before it says that it is ready, nothing keeps the signal from ending it.
    if (child?.pid !== undefined && isReady) warnAll({ group: child.pid, tag: this.#tag(task) }, child.pid);
  }

  #tag({ taskId }: TaskTag): string {
    return `FLOTILLA_TASK_ID=${this.#options.runId}.${taskId}`;
  }

  #start(): LiveWorker | undefined {
    const { argv, cwd, env, logDir, name } = this.#options;
    mkdirSync(logDir, { recursive: true });
    const stdoutFd = openSync(join(logDir, `${name}.stdout`), 'a');
    const stderrFd = openSync(join(logDir, `${name}.stderr`), 'a+');
    // Before it starts: it may have written by the time that spawn returns.
    const stderrFrom = fstatSync(stderrFd).size;
    // From now on, a journal that is not there is one that was removed.
    for (const path of [this.#limit, this.#journal]) writeFileSync(path, Buffer.alloc(8), { mode: 0o600 });
    const child = spawn(argv[0], argv.slice(1), {
      cwd,
      env: { ...env, FLOTILLA_JOURNAL: this.#journal, FLOTILLA_LIMIT: this.#limit },
      stdio: ['ignore', stdoutFd, stderrFd, 'pipe'],
      detached: true,
    });
    closeSync(stdoutFd);
    const worker: LiveWorker = {
      child,
      socket: child.stdio[3] as Socket,
      defined: new Set(),
      stderrFd,
      stderrFrom,
      exit: undefined,
      socketEnded: false,
      isReady: false,
      refusal: undefined,
      restEnded: false,
    };
    child.once('error', (error) => this.#onStartError(worker, error));
    if (child.pid === undefined) return undefined;
    // A worker that waits for work keeps no process alive; whoever has work for it is there for other reasons.
    child.unref();
    worker.socket.unref();
    this.#options.changed?.({ kind: 'workerStarted', worker: name, pid: child.pid, output: join(logDir, name) });
    this.#listen(worker);
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

  /** One without results ends its batch; it may come behind the results for which the batch after it was given out. */
  #onResults(body: Buffer): void {
    if (body.length > 4) this.#options.events.results(body.subarray(4));
    else if (body.readUInt32LE(0) === this.#batch) this.#options.events.endedEarly();
  }

  #greet(worker: LiveWorker, type: number, body: Buffer): void {
    const problem = problemWithHello(type, body);
    if (problem === undefined) worker.isReady = true;
    else this.#refuse(worker, problem);
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

  #onStartError(worker: LiveWorker, error: Error & { code?: string }): void {
    this.#worker = undefined;
    closeSync(worker.stderrFd);
    const { argv, cwd, missingHint } = this.#options;
    // Spawning blames the program even when it is the directory that is missing.
    const why = existsSync(cwd)
      ? `${error.message}. ${missingHint}`
      : `its directory ${cwd} does not exist there. Make it, or set workingDir.`;
    const startError = `${argv.join(' ')} cannot be started: ${why}`;
    this.#options.events.lost({ exitCode: null, signal: null, stderrTail: '', startError, finished: Buffer.alloc(0) });
  }

  /** Only when the process is gone and its socket is read to the end is it known what it has finished. */
  #reportIfGone(worker: LiveWorker): void {
    if (!worker.exit || !worker.restEnded || !worker.socketEnded) return;
    const { code, signal } = worker.exit;
    const stderrTail = readStderrTail(worker.stderrFd, worker.stderrFrom);
    closeSync(worker.stderrFd);
    if (this.#worker === worker) this.#worker = undefined;
    const finished = readJournal(this.#journal, this.#batch);
    const exit: WorkerExit = { exitCode: code, signal, stderrTail, finished };
    const startError = worker.isReady ? undefined : this.#startErrorOf(worker, exit);
    this.#options.events.lost(startError === undefined ? exit : { ...exit, startError });
    this.#gone?.();
  }

  /** Of a worker that ended before its Hello. One that a signal ended is a loss: it may have been anybody's. */
  #startErrorOf({ refusal }: LiveWorker, { exitCode, stderrTail }: WorkerExit): string | undefined {
    const { argv, missingHint } = this.#options;
    const said = stderrTail.trim();
    const command = argv.join(' ');
    if (refusal !== undefined) return `${command} is no worker of this Flotilla: ${refusal}. ${missingHint}`;
    if (exitCode === null) return undefined;
    // So taskset and setpriv report a missing program, with a line of their own.
    const known = exitCode === 127 ? 'there is no such program' : exitCode === 126 ? 'it is not executable' : undefined;
    if (known !== undefined) return `${command} cannot be started: ${said || known}. ${missingHint}`;
    const stderr = said === '' ? 'its stderr is empty' : `its stderr: ${said}`;
    return `${command} ended with exit code ${exitCode} before it was ready; ${stderr}\n${missingHint}`;
  }

  async close(timeoutMs: number, running?: TaskTag): Promise<void> {
    const worker = this.#worker;
    if (!worker) return this.#removeFiles();
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
    this.#removeFiles();
  }

  #removeFiles(): void {
    for (const path of [this.#journal, this.#limit]) rmSync(path, { force: true });
  }

  killNow(): void {
    const pid = this.#worker?.child.pid;
    if (pid === undefined) return;
    this.#isForced = true;
    if (this.#ending) killAll(this.#ending);
    signalGroup(pid, 'SIGKILL');
  }
}

function writeTasksPrefix(frame: Buffer, batch: Batch): void {
  encodeFrameHeader(FrameType.Tasks, 8 + batch.records.length).copy(frame, 0);
  frame.writeUInt32LE(batch.number, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(batch.count, FRAME_HEADER_BYTES + 4);
}
