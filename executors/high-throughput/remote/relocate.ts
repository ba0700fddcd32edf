/**
 * Tasks of this machine as another machine understands them: paths in the bundle and in the run directory there, values inline where
 * there is no disk that both see. Reads files of the run's store; changes nothing that it is given.
 */
import { readFileSync } from 'node:fs';
import { posix, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RegisteredFunction, TryRequest } from '../../../lib/executor.ts';
import type { ArgumentRef, Definition, TaskContext } from '../../../lib/task-spec.ts';
import { decodeValue, encodeValue, pack, unpack } from '../../../lib/wire/value-codec.ts';

/** A folder here, and the one there that has the same files. */
export interface PathPair {
  readonly here: string;
  readonly there: string;
}

/** Of a task: where its file lies there, and where it belongs here. */
export interface FetchedFile {
  readonly there: string;
  readonly here: string;
  readonly mode: 'w' | 'a';
}

export interface Relocated {
  readonly request: TryRequest;
  readonly fetched: readonly FetchedFile[];
}

export interface RelocationPlan {
  /** The first that holds a path applies. */
  readonly pairs: readonly PathPair[];
  /** The run directory there. */
  readonly runDir: string;
  /** Whether a task that names no directory gets an empty one of its own. */
  readonly sandboxByDefault: boolean;
}

export class Relocation {
  readonly #plan: RelocationPlan;
  readonly #functions = new Map<number, RegisteredFunction>();

  constructor(plan: RelocationPlan) {
    this.#plan = plan;
  }

  /** @throws Error when a value of the store can only be read where it was made. */
  relocate(request: TryRequest): Relocated {
    const fn = this.#functionOf(request.fn);
    const { refs, ...context }: TaskContext = request.context.length === 0 ? {} : (unpack(request.context) as TaskContext);
    const args = refs === undefined ? request.args : inlined(request.args, refs);
    const fetched: FetchedFile[] = [];
    const moved = this.#contextOf(context, request, fetched);
    return { request: { ...request, fn, args, context: Object.keys(moved).length === 0 ? NOTHING : pack(moved) }, fetched };
  }

  /** A path there; itself when the other machine has nothing of ours at it. */
  there(path: string): string {
    for (const { here, there } of this.#plan.pairs) {
      const rest = relative(here, path);
      if (rest === '') return there;
      if (rest !== '..' && !rest.startsWith(`..${sep}`) && !rest.startsWith(sep)) return posix.join(there, ...rest.split(sep));
    }
    return path;
  }

  #functionOf(fn: RegisteredFunction): RegisteredFunction {
    const known = this.#functions.get(fn.fnId);
    if (known !== undefined) return known;
    const moved = { ...fn, definition: pack(this.#definitionOf(unpack(fn.definition) as Definition)) };
    this.#functions.set(fn.fnId, moved);
    return moved;
  }

  #definitionOf(definition: Definition): Definition {
    if (definition.kind === 'python')
      return definition.path === undefined ? definition : { ...definition, path: this.there(definition.path) };
    if (definition.kind === 'bash') return definition;
    const { filename, url } = definition;
    return {
      ...definition,
      ...(filename !== undefined && { filename: this.there(filename) }),
      ...(url?.startsWith('file:') && { url: pathToFileURL(this.there(fileURLToPath(url))).href }),
    };
  }

  #contextOf(context: TaskContext, { taskId, tryNumber }: TryRequest, fetched: FetchedFile[]): TaskContext {
    const folder = `task_${taskId}_${tryNumber}`;
    const files = posix.join(this.#plan.runDir, 'files', folder);
    const carry = (name: string, here: string, mode: 'w' | 'a'): string => {
      const there = posix.join(files, name);
      fetched.push({ there, here, mode });
      return there;
    };
    const { sandbox, cwd, stdout, stderr } = context;
    const isPlaced = sandbox !== undefined || cwd !== undefined;
    return {
      ...context,
      ...(sandbox !== undefined && { sandbox: this.there(sandbox) }),
      ...(!isPlaced && this.#plan.sandboxByDefault && { sandbox: posix.join(this.#plan.runDir, 'sandboxes', folder) }),
      ...(cwd !== undefined && { cwd: this.there(cwd) }),
      ...(stdout && { stdout: [carry('stdout', ...stdout), 'w'] as const }),
      ...(stderr && { stderr: [carry('stderr', ...stderr), 'w'] as const }),
    };
  }
}

const NOTHING = Buffer.alloc(0);

/** The first may be the whole list, encoded as it would have travelled; the others are values that go into it. */
function inlined(args: Buffer, refs: readonly ArgumentRef[]): Buffer {
  const [first, ...rest] = refs;
  const isWhole = first?.at.length === 0;
  const whole = isWhole ? readFileSync(first.value.key) : args;
  const others = isWhole ? rest : refs;
  if (others.length === 0) return whole;
  const root = decodeValue(whole);
  for (const { at, value } of others) {
    let holder = root as Record<string | number, unknown>;
    for (const key of at.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
    holder[at.at(-1) as string | number] = decodeValue(readFileSync(value.key));
  }
  return encodeValue(root, 'args');
}
