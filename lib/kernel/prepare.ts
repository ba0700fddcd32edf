/**
 * From a task whose dependencies are done to the bytes that travel: values in place of futures, encoded for the app's language.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppEntry } from '../apps/app-entry.ts';
import { SerializationError } from '../errors/index.ts';
import { releaseMoment } from '../moment.ts';
import type { ArgumentRef } from '../task-spec.ts';
import { UnencodableError } from '../wire/unencodable.ts';
import { encodePythonCall } from '../wire/python-codec.ts';
import { encodeValue } from '../wire/value-codec.ts';
import { asFuture, replaceWaitables, type Waitable } from './arguments.ts';
import { refuseHiddenFutures } from './hidden-futures.ts';
import { isStoredResult, type StoredResult } from './stored-result.ts';
import type { Task } from './task.ts';

/** Arguments beyond this travel by reference; bytes. */
export const INLINE_LIMIT = 256 * 1024;
/** The most that a message takes, with what goes around it. */
const MAX_INLINE_BYTES = (1 << 30) - (1 << 16);

export interface Prepared {
  readonly args: Buffer;
  readonly refs: readonly ArgumentRef[] | undefined;
}

export type PythonArguments = readonly [positional: readonly unknown[], named: Readonly<Record<string, unknown>>];

/** Values of what was waited for and is no task, by the promise or future. */
export type PromiseValues = WeakMap<object, { readonly value: unknown }>;

export interface PrepareSite {
  readonly storeDir: string;
  readonly promiseValues: PromiseValues;
}

const NO_ARGUMENTS = encodeValue([]);
const NO_PYTHON_ARGUMENTS = encodePythonCall([]);
const NO_REFS: readonly ArgumentRef[] = [];
const NOTHING_FETCHED: ReadonlyMap<StoredResult, unknown> = new Map();

/**
 * At once where it can be, else a promise: a bash body may be asynchronous, and a stored result may have to be fetched for an app that
 * cannot read its file.
 * @throws SerializationError naming the path of what cannot travel; whatever a bash body throws.
 */
export function prepare(task: Task, site: PrepareSite): Prepared | Promise<Prepared> {
  const { entry, waitables } = task;
  if (waitables) {
    const missing = storedResults(waitables).filter((stored) => !canReadStored(entry, stored));
    if (missing.length > 0) return fetchThenPrepare(task, site, missing);
  }
  return prepareWith(task, site, NOTHING_FETCHED);
}

async function fetchThenPrepare(task: Task, site: PrepareSite, missing: readonly StoredResult[]): Promise<Prepared> {
  const fetched = new Map<StoredResult, unknown>();
  await Promise.all(missing.map(async (stored) => fetched.set(stored, await stored.fetch())));
  return prepareWith(task, site, fetched);
}

function prepareWith(task: Task, site: PrepareSite, fetched: ReadonlyMap<StoredResult, unknown>): Prepared | Promise<Prepared> {
  const { entry } = task;
  const refs: ArgumentRef[] = [];
  const args = task.waitables ? resolveArguments(task, site, fetched, refs) : task.args;
  switch (entry.kind) {
    case 'js':
      return finish(encodeFor(task, encodeJsArguments, args), refs, site, NO_ARGUMENTS);
    case 'python':
      return finish(encodeFor(task, encodePythonArguments, args), refs, site, NO_PYTHON_ARGUMENTS);
    case 'bash':
      return prepareCommand(task, entry, args);
    case 'join':
      throw new TypeError(`task ${task.taskId}: a join does not travel`);
  }
}

const storedResults = (waitables: readonly Waitable[]): StoredResult[] =>
  waitables.map((waitable) => asFuture(waitable)?.settledValue).filter(isStoredResult);

const canReadStored = (entry: AppEntry, stored: StoredResult): boolean =>
  entry.kind === 'js' || (entry.kind === 'python' && stored.madeBy === 'python');

/** Values in place of futures; what lies in a store is fetched. */
export async function plainArguments(task: Task, site: PrepareSite): Promise<readonly unknown[]> {
  if (!task.waitables) return task.args;
  const stored = storedResults(task.waitables);
  const fetched = new Map(await Promise.all(stored.map(async (result) => [result, await result.fetch()] as const)));
  return resolveArguments(task, site, fetched, []);
}

function resolveArguments(
  task: Task,
  site: PrepareSite,
  fetched: ReadonlyMap<StoredResult, unknown>,
  refs: ArgumentRef[],
): readonly unknown[] {
  return replaceWaitables(task.args, (waitable, path) => {
    const external = site.promiseValues.get(waitable);
    if (external) return external.value;
    const value = asFuture(waitable)?.settledValue;
    if (!isStoredResult(value)) return value;
    if (fetched.has(value)) return fetched.get(value);
    refs.push({ at: path, value: value.stored });
    return null;
  }) as readonly unknown[];
}

const encodeJsArguments = (args: readonly unknown[]): Buffer => (args.length === 0 ? NO_ARGUMENTS : encodeValue(args, 'args'));

/** A Python task's arguments are a pair: those by position, those by name. */
function encodePythonArguments(args: readonly unknown[]): Buffer {
  const [positional, named] = args as PythonArguments;
  return positional.length === 0 && Object.keys(named).length === 0 ? NO_PYTHON_ARGUMENTS : encodePythonCall(positional, named);
}

function encodeFor(task: Task, encode: (args: readonly unknown[]) => Buffer, args: readonly unknown[]): Buffer {
  try {
    return encode(args);
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error;
    const { path, seen, advice } = error;
    throw new SerializationError({ path, seen, advice }, { task: { id: task.taskId, app: task.appName } });
  }
}

function finish(args: Buffer, refs: readonly ArgumentRef[], site: PrepareSite, none: Buffer): Prepared {
  if (args.length <= INLINE_LIMIT) return { args, refs: refs.length === 0 ? undefined : refs };
  const key = join(site.storeDir, randomUUID());
  if (!writeWhole(key, args)) return { args, refs: refs.length === 0 ? undefined : refs };
  const whole: ArgumentRef = { at: [], value: { store: 'file', key, size: args.length } };
  // The whole list first: the others go into it.
  return { args: none, refs: [whole, ...(refs.length === 0 ? NO_REFS : refs)] };
}

/** @returns whether it is there: not where there is no room; then it may still fit into a message. @throws if it does not. */
function writeWhole(path: string, bytes: Buffer): boolean {
  try {
    writeFileSync(path, bytes);
    return true;
  } catch (error) {
    rmSync(path, { force: true });
    if (bytes.length <= MAX_INLINE_BYTES) return false;
    throw error;
  }
}

function prepareCommand(task: Task, entry: AppEntry & { kind: 'bash' }, args: readonly unknown[]): Prepared | Promise<Prepared> {
  refuseHiddenFutures(args, 'args', task);
  releaseMoment(); // The user's code takes its time.
  const command = (entry.body as (...args: readonly unknown[]) => unknown)(...args);
  const isPromise = typeof command === 'object' && command !== null && 'then' in command;
  const { prefix } = entry;
  return isPromise ? Promise.resolve(command).then((text) => commandOf(task, text, prefix)) : commandOf(task, command, prefix);
}

function commandOf(task: Task, command: unknown, prefix = ''): Prepared {
  if (typeof command === 'string' && command.trim() !== '') {
    return { args: encodeValue(prefix === '' ? command : prefix + command.trimStart()), refs: undefined };
  }
  const seen = typeof command === 'string' ? 'an empty string' : `${command === null ? 'null' : typeof command}`;
  throw new TypeError(
    `task ${task.taskId} (${task.appName}): the body of ${prefix === '' ? 'a bashApp' : 'an mpiApp'} returns the command as a string or sh\`…\`; this one returned ${seen}`,
  );
}

/** Files that arguments were put into, to be removed when the task has ended. */
export const argumentFile = (refs: readonly ArgumentRef[] | undefined): string | undefined =>
  refs?.[0]?.at.length === 0 ? refs[0].value.key : undefined;
