/** A real Python worker and the supervisor's side of its protocol, for specs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Packr } from 'msgpackr';
import type { WireError } from '../../lib/errors/wire-error.ts';
import type { PythonDefinition, TaskContext } from '../../lib/task-spec.ts';
import { encodeFrame, FrameReader, FrameType } from '../../lib/wire/frames.ts';
import { decodePython, encodePythonCall } from '../../lib/wire/python-codec.ts';
import { readResult, recordEnd, ResultStatus, TASK_HEADER_BYTES, type ResultRecord, writeTaskHeader } from '../../lib/wire/records.ts';

export const WORKER = join(import.meta.dirname, '../../executors/workers/python/flotilla_worker.py');

const packr = new Packr({ useRecords: false, moreTypes: true });

export interface TaskOptions {
  readonly fnId?: number;
  readonly taskId?: number;
  readonly tryNumber?: number;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly context?: TaskContext;
}

export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export class PythonWorker {
  readonly process: ChildProcess;
  readonly end: Promise<WorkerEnd>;
  readonly frames: { readonly batch: number; readonly records: ResultRecord[] }[] = [];
  stdout = '';
  stderr = '';
  hello: Record<string, unknown> = {};
  readonly #link: Duplex;
  readonly #reader = new FrameReader();
  #changed = Promise.withResolvers<void>();
  #nextFunction = 1;
  #nextBatch = 1;

  private constructor(python: string, env: Readonly<Record<string, string>>, cwd: string | undefined) {
    this.process = spawn(python, [WORKER], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, FLOTILLA_RUN_ID: 'run', FLOTILLA_PDEATHSIG: '1', ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.process.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.process.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.#link = this.process.stdio[3] as Duplex;
    this.#link.on('error', () => {}); // The worker may die while we write to it: `end` tells.
    this.#link.on('data', (chunk: Buffer) => this.#reader.push(chunk, (type, body) => this.#receive(type, body)));
    this.end = once(this.process, 'close').then(([code, signal]) => {
      this.#wake();
      return { code, signal } as WorkerEnd;
    });
  }

  static async start(options: { python: string; env?: Readonly<Record<string, string>>; cwd?: string }): Promise<PythonWorker> {
    const worker = new PythonWorker(options.python, options.env ?? {}, options.cwd);
    await worker.#until(() => 'pid' in worker.hello);
    return worker;
  }

  #receive(type: number, body: Buffer): void {
    if (type === FrameType.Hello) this.hello = packr.unpack(body) as Record<string, unknown>;
    else if (type === FrameType.Results) {
      const records: ResultRecord[] = [];
      for (let at = 4; at < body.length; at = recordEnd(body, at)) records.push(readResult(body, at));
      this.frames.push({ batch: body.readUInt32LE(0), records });
    } else throw new Error(`unexpected frame ${type}`);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        const { code, signal } = await this.end;
        if (condition()) return;
        throw new Error(`the worker ended (code ${code}, signal ${signal}): ${this.stderr}`);
      }
      await Promise.race([this.#changed.promise, this.end]);
    }
  }

  define(definition: Omit<PythonDefinition, 'kind' | 'name'> & { name?: string }): number {
    const fnId = this.#nextFunction++;
    const id = Buffer.alloc(4);
    id.writeUInt32LE(fnId);
    this.#link.write(encodeFrame(FrameType.Define, id, packr.pack({ kind: 'python', name: definition.function, ...definition })));
    return fnId;
  }

  /** Sends a batch; its results arrive in `frames`. */
  send(tasks: readonly TaskOptions[]): number {
    const batch = this.#nextBatch++;
    const head = Buffer.alloc(8);
    head.writeUInt32LE(batch, 0);
    head.writeUInt32LE(tasks.length, 4);
    this.#link.write(encodeFrame(FrameType.Tasks, head, ...tasks.map((task, i) => encodeTask(task, i))));
    return batch;
  }

  sendBytes(bytes: Buffer): void {
    this.#link.write(bytes);
  }

  async run(tasks: readonly TaskOptions[]): Promise<ResultRecord[]> {
    const batch = this.send(tasks);
    const received = (): ResultRecord[] => this.frames.filter((frame) => frame.batch === batch).flatMap((frame) => frame.records);
    await this.#until(() => received().length >= tasks.length);
    return received();
  }

  async runOne(task: TaskOptions): Promise<ResultRecord> {
    const [result] = await this.run([task]);
    if (!result) throw new Error('no result');
    return result;
  }

  /** The value of one task. @throws Error with the WireError, if it failed. */
  async value(task: TaskOptions): Promise<unknown> {
    const result = await this.runOne(task);
    if (result.status !== ResultStatus.Ok) throw new Error(JSON.stringify(packr.unpack(result.body)));
    return decodePython(result.body);
  }

  /** The value of a function, defined from its source and called once. */
  call(source: string, args: readonly unknown[] = [], options: TaskOptions = {}): Promise<unknown> {
    return this.value({ fnId: this.define({ form: 'source', source, function: 'f' }), args, ...options });
  }

  /** How one task failed. */
  async error(task: TaskOptions): Promise<WireError> {
    const result = await this.runOne(task);
    if (result.status !== ResultStatus.Failed) throw new Error(`it did not fail: status ${result.status}`);
    return packr.unpack(result.body) as WireError;
  }

  callError(source: string, args: readonly unknown[] = [], options: TaskOptions = {}): Promise<WireError> {
    return this.error({ fnId: this.define({ form: 'source', source, function: 'f' }), args, ...options });
  }

  shutdown(): Promise<WorkerEnd> {
    this.#link.write(encodeFrame(FrameType.Shutdown));
    return this.end;
  }

  /** Ends the stream, as a supervisor's death does. */
  hangUp(): Promise<WorkerEnd> {
    this.#link.destroy();
    return this.end;
  }

  async kill(): Promise<WorkerEnd> {
    this.process.kill('SIGKILL');
    return this.end;
  }
}

function encodeTask(task: TaskOptions, index: number): Buffer {
  const context = task.context ? packr.pack(task.context) : Buffer.alloc(0);
  const args = encodePythonCall(task.args ?? [], task.kwargs);
  const record = Buffer.alloc(TASK_HEADER_BYTES + context.length + args.length);
  const header = { taskId: task.taskId ?? index, tryNumber: task.tryNumber ?? 1, fnId: task.fnId ?? 1, flags: 0 };
  writeTaskHeader(record, 0, { ...header, contextLength: context.length }, args.length);
  context.copy(record, TASK_HEADER_BYTES);
  args.copy(record, TASK_HEADER_BYTES + context.length);
  return record;
}

export const unpackEnvelope = (bytes: Uint8Array): unknown => packr.unpack(bytes);
