/**
 * Runs one task record and appends its result. Shared by the worker process and the worker thread; knows neither.
 */
import { existsSync } from 'node:fs';
import { encodeError, packWireError } from '../../../lib/errors/index.ts';
import type { WireError } from '../../../lib/errors/wire-error.ts';
import type { TaskContext } from '../../../lib/task-spec.ts';
import type { RecordBuffer } from '../../../lib/wire/record-buffer.ts';
import { ResultStatus, TASK_HEADER_BYTES, readTaskHeader, recordEnd, type TaskHeader } from '../../../lib/wire/records.ts';
import { decodeValue, encodeValue, unpack } from '../../../lib/wire/value-codec.ts';
import { UnencodableError } from '../../../lib/wire/unencodable.ts';
import { type FunctionTable, UnloadableError } from './functions.ts';
import { INLINE_LIMIT, storeIfLarge, substitute } from './stored-values.ts';
import type { Surroundings } from './surroundings.ts';
import type { UsageMeter } from './usage.ts';

export interface ExecutorOptions {
  readonly functions: FunctionTable;
  readonly surroundings: Surroundings;
  readonly results: RecordBuffer;
  /** Begun by whoever runs a batch. */
  readonly meter: UsageMeter;
  /** Index of the slot. */
  readonly worker: number;
  readonly storeDir: string | undefined;
  readonly inlineLimit?: number;
}

export class TaskExecutor {
  readonly #options: ExecutorOptions;
  readonly #inlineLimit: number;
  #interrupt: ((error: unknown) => void) | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#inlineLimit = options.inlineLimit ?? INLINE_LIMIT;
  }

  /** Ends the running task with an error that it threw where nobody could catch it (a timer, a stray promise). */
  interrupt(error: unknown): boolean {
    if (!this.#interrupt) return false;
    this.#interrupt(error);
    return true;
  }

  /**
   * Runs the record at `at`.
   * @param started now, of performance.now().
   * @returns the result record; a promise of it where the app is asynchronous or not loaded yet.
   */
  run(records: Buffer, at: number, started = performance.now()): Buffer | Promise<Buffer> {
    const header = readTaskHeader(records, at);
    const { surroundings, functions } = this.#options;
    surroundings.name(header.taskId, header.tryNumber);
    let context: TaskContext | undefined;
    const finish = (status: ResultStatus, body: Buffer): Buffer => {
      surroundings.leave();
      const durationUs = Math.round((performance.now() - started) * 1000);
      return this.#append(header, status, body, performance.timeOrigin + started, durationUs);
    };
    const succeed = (value: unknown): Buffer => {
      const missing = context?.outputs?.filter((path) => !existsSync(path));
      if (missing && missing.length > 0) return finish(ResultStatus.Failed, packWireError(missingOutputs(missing)));
      return finish(ResultStatus.Ok, storeIfLarge(encodeValue(value, 'result'), this.#options.storeDir, this.#inlineLimit));
    };
    const fail = (error: unknown): Buffer => finish(ResultStatus.Failed, packWireError(describeFailure(error)));
    try {
      const contextEnd = at + TASK_HEADER_BYTES + header.contextLength;
      if (header.contextLength > 0) {
        context = unpack(records.subarray(at + TASK_HEADER_BYTES, contextEnd)) as TaskContext;
        surroundings.enter(context);
      }
      const args = argumentsOf(records.subarray(contextEnd, recordEnd(records, at)), context);
      const fn = functions.get(header.fnId);
      const value = typeof fn === 'function' ? fn(...args) : fn.then((loaded) => loaded(...args));
      return isThenable(value) ? this.#settle(value).then(succeed).catch(fail) : succeed(value);
    } catch (error) {
      return fail(error);
    }
  }

  /** Waits for the app, or for what it threw past its own promise. */
  async #settle(value: PromiseLike<unknown>): Promise<unknown> {
    const interrupted = Promise.withResolvers<never>();
    this.#interrupt = interrupted.reject;
    try {
      return await Promise.race([value, interrupted.promise]);
    } finally {
      this.#interrupt = undefined;
    }
  }

  #append(header: TaskHeader, status: ResultStatus, body: Buffer, startMs: number, durationUs: number): Buffer {
    const { results, worker, meter } = this.#options;
    const { taskId, fnId, tryNumber } = header;
    const usage = meter.end(durationUs);
    return results.appendResult({ taskId, fnId, tryNumber, status, durationUs, startMs, worker, usage }, body);
  }
}

function argumentsOf(encoded: Buffer, context: TaskContext | undefined): unknown[] {
  const inline = encoded.length > 0 ? decodeValue(encoded) : [];
  const args = context?.refs ? substitute(inline, context.refs) : inline;
  return args as unknown[];
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

function missingOutputs(missing: readonly string[]): WireError {
  return {
    kind: 'missing-outputs',
    name: 'MissingOutputsError',
    message: '',
    fields: { missing },
  };
}

function describeFailure(error: unknown): WireError {
  if (error instanceof UnloadableError) return { ...encodeError(error), kind: 'definition' };
  if (error instanceof UnencodableError) {
    return {
      kind: 'serialization',
      name: 'SerializationError',
      message: `the app returned something that cannot travel: ${error.path} is ${error.seen}`,
      fields: { path: error.path, seen: error.seen },
    };
  }
  return encodeError(error);
}
