/**
 * What a task sees of its process and may change: directory, environment, stdout and stderr, listeners of SIGUSR1.
 *
 * Nothing that one task does to them shows in the next. Comparing both environments costs as much as a task, so changes set a flag
 * and only then is something put back.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { DefinitionError } from '../../../lib/errors/index.ts';
import type { OpenMode, TaskContext } from '../../../lib/task-spec.ts';
import { forgetListeners } from './warning-signal.ts';

export class Surroundings {
  readonly #home = process.cwd();
  readonly #realEnv = process.env;
  readonly #snapshot: Readonly<Record<string, string | undefined>> = { ...process.env };
  readonly #chdir = process.chdir.bind(process);
  readonly #runId: string;
  #taskNumber = 0;
  #tryNumber = 0;
  #envDirty = false;
  #cwdDirty = false;
  #redirects: Redirect[] = [];

  constructor(runId: string) {
    this.#runId = runId;
    this.#watchEnvironment();
    if (isMainThread) {
      process.chdir = (directory) => {
        this.#cwdDirty = true;
        this.#chdir(directory);
      };
    }
  }

  #watchEnvironment(): void {
    // Placeholders, so that whoever lists the environment finds them; the values come from `get`.
    this.#realEnv.FLOTILLA_TASK_ID = '';
    this.#realEnv.FLOTILLA_TRY = '';
    process.env = new Proxy(this.#realEnv, {
      get: (env, key) => {
        if (key === 'FLOTILLA_TASK_ID') return this.#taskId();
        if (key === 'FLOTILLA_TRY') return String(this.#tryNumber);
        return Reflect.get(env, key);
      },
      set: (env, key, value) => {
        this.#envDirty = true;
        return Reflect.set(env, key, value);
      },
      deleteProperty: (env, key) => {
        this.#envDirty = true;
        return Reflect.deleteProperty(env, key);
      },
      defineProperty: (env, key, descriptor) => {
        this.#envDirty = true;
        return Reflect.defineProperty(env, key, descriptor);
      },
    });
  }

  #taskId(): string {
    return `${this.#runId}.${this.#taskNumber}`;
  }

  /** Names the task to whatever the app starts, which inherits it. Told on demand: setting two variables costs as much as a short task. */
  name(taskId: number, tryNumber: number): void {
    this.#taskNumber = taskId;
    this.#tryNumber = tryNumber;
  }

  /** @throws DefinitionError for what no try could be given here; Error naming the path of what could not be made or opened. */
  enter(context: TaskContext): void {
    const directory = context.sandbox ?? context.cwd;
    if (directory !== undefined && directory !== process.cwd()) enterDirectory(directory, context.sandbox !== undefined);
    if (context.env) Object.assign(process.env, context.env);
    if (context.stdout) this.#redirects.push(new Redirect(process.stdout, context.stdout));
    if (context.stderr) this.#redirects.push(new Redirect(process.stderr, context.stderr));
  }

  /** Puts back whatever is not as it was. */
  leave(): void {
    if (this.#redirects.length > 0) {
      for (const redirect of this.#redirects) redirect.end();
      this.#redirects = [];
    }
    if (this.#cwdDirty) {
      this.#chdir(this.#home);
      this.#cwdDirty = false;
    }
    if (this.#envDirty) this.#restoreEnvironment();
    if (isMainThread) forgetListeners();
  }

  #restoreEnvironment(): void {
    for (const key of Object.keys(this.#realEnv)) if (!(key in this.#snapshot)) delete this.#realEnv[key];
    for (const [key, value] of Object.entries(this.#snapshot)) {
      if (value !== undefined && this.#realEnv[key] !== value) this.#realEnv[key] = value;
    }
    this.#envDirty = false;
  }
}

function enterDirectory(directory: string, isSandbox: boolean): void {
  if (!isMainThread) throw new DefinitionError(cannotEnter(directory, isSandbox));
  try {
    if (isSandbox) mkdirSync(directory, { recursive: true });
    process.chdir(directory);
  } catch (error) {
    const remedy = isSandbox ? '' : "; make it first, or name another with 'cwd'";
    throw new DefinitionError(`the directory of the task, ${directory}, cannot be entered: ${systemReason(error)}${remedy}`);
  }
}

/** "ENOENT: no such file or directory", without the call and its paths. */
const systemReason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split(', ', 1)[0] ?? '';

function cannotEnter(directory: string, isSandbox: boolean): string {
  const option = isSandbox ? "'sandbox'" : "'cwd'";
  const remedy = `leave ${option} out and give the app whole paths, or run it on a HighThroughputExecutor ('executors' says which may run it)`;
  return `JavaScript apps of a ThreadPoolExecutor have no ${option}: a thread cannot change directory (to ${directory}); ${remedy}`;
}

/** Everything written to a stream of this process goes to a file until `end`. Synchronous: a task's output is there when it ends. */
class Redirect {
  readonly #stream: NodeJS.WriteStream;
  readonly #write: NodeJS.WriteStream['write'];
  readonly #fd: number;

  constructor(stream: NodeJS.WriteStream, [path, mode]: readonly [string, OpenMode]) {
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, mode);
    this.#stream = stream;
    this.#write = stream.write;
    stream.write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
      const bytes =
        typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8') : chunk;
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') process.nextTick(done as () => void);
      return true;
    };
  }

  end(): void {
    this.#stream.write = this.#write;
    closeSync(this.#fd);
  }
}
