/**
 * WireErrors become errors again, on the driver's side: the user's own as it was thrown, ours as the class that it is.
 */
import { tagWithTask } from './app-error.ts';
import { BashExitError, type BashExitFields } from './bash-exit-error.ts';
import { DefinitionError } from './definition-errors.ts';
import { NON_ERROR } from './encode-error.ts';
import { FlotillaError } from './flotilla-error.ts';
import { ManagerLost, WorkerLost } from './lost-errors.ts';
import { PythonError } from './python-error.ts';
import {
  CancelledError,
  MemoryLimitError,
  MissingOutputsError,
  PlacementError,
  SerializationError,
  WalltimeError,
  type TaskErrorOptions,
} from './task-errors.ts';
import { nameTask, type TaskRef } from './task-ref.ts';
import { unreadable, type WireError } from './wire-error.ts';

/** @returns the error with `error.flotilla` attached. */
export function reviveError(wire: WireError, task: TaskRef): Error {
  const error = reviveSafely(wire, task);
  const code = wire.kind !== 'js' && FlotillaError.is(error) ? error.code : 'FLOTILLA_APP_ERROR';
  return tagWithTask(error, code, task);
}

/** What a worker has written may be of any shape: a task may have written it in the worker's place. */
function reviveSafely(wire: WireError, task: TaskRef): Error {
  try {
    return reviveUntagged(wire, task);
  } catch (error) {
    return reviveUntagged(unreadable(error instanceof Error ? error.message : String(error)), task);
  }
}

function reviveUntagged(wire: WireError, task: TaskRef): Error {
  // Where in the driver an error was put together again tells nobody anything.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return wire.kind === 'js' ? reviveJs(wire, task) : reviveOurs(wire, task);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

const BUILT_IN: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function reviveJs(wire: WireError, task: TaskRef): Error {
  const { name, message, stack, fields } = wire;
  const errors = wire.errors?.map((inner) => reviveInner(inner, task));
  const Class = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  const error = errors !== undefined && name === 'AggregateError' ? new AggregateError(errors, message) : new (Class ?? Error)(message);
  if (error.name !== name) hide(error, 'name', name);
  if (errors !== undefined) hide(error, 'errors', errors);
  if (wire.cause !== undefined) hide(error, 'cause', reviveInner(wire.cause, task));
  hide(error, 'stack', stack ?? `${name}: ${message}`);
  for (const [key, value] of Object.entries(fields ?? {})) {
    Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return error;
}

/** A cause need not be an error: what was no error before is none now. */
function reviveInner(wire: WireError, task: TaskRef): unknown {
  if (wire.kind === 'js' && wire.name === NON_ERROR) return wire.fields?.['value'];
  return wire.kind === 'js' ? reviveJs(wire, task) : reviveOurs(wire, task);
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true });
}

function reviveOurs(wire: WireError, task: TaskRef): Error {
  const fields = ownFields(wire);
  const options: TaskErrorOptions = {
    ...(wire.message === '' ? { task } : { message: nameIn(wire.message, task) }),
    ...(wire.cause === undefined ? {} : { cause: reviveInner(wire.cause, task) }),
  };
  // The casts trust the writer of each kind for its fields; one that is missing reads as undefined.
  switch (wire.kind) {
    case 'python':
      return revivePython(wire, task);
    case 'bash':
      return reviveBash(fields, options);
    case 'missing-outputs':
      return new MissingOutputsError({ missing: [], ...fields }, options);
    case 'serialization':
      return new SerializationError({ path: 'value', seen: 'something', ...fields }, options);
    case 'walltime':
      return new WalltimeError({ walltimeMs: Number.NaN, ...fields }, options);
    case 'memory-limit':
      return new MemoryLimitError({ limitBytes: Number.NaN, usedBytes: Number.NaN, tries: task.try, ...fields }, options);
    case 'placement':
      return new PlacementError(fields, options);
    case 'worker-lost':
      return new WorkerLost({ host: task.host, worker: task.worker, ...fields }, options);
    case 'manager-lost':
      return new ManagerLost({ host: task.host, managerId: '', lastHeartbeat: Number.NaN, ...fields }, options);
    case 'cancelled':
      return new CancelledError(fields, options);
    case 'definition':
      return reviveDefinition(wire, options);
    default:
      return reviveJs(wire, task); // a kind of a newer peer: still an error with name, message and stack
  }
}

/** What makes it an error of ours is not for its fields to say. */
function ownFields({ fields = {} }: WireError): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !RESERVED.has(name)));
}

const RESERVED: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'flotilla', '__proto__']);

/** Files that the app did not name are null on the wire. */
function reviveBash(fields: Readonly<Record<string, unknown>>, options: TaskErrorOptions): BashExitError {
  const { stdout, stderr, ...rest } = { ...NO_EXIT, ...fields } as BashExitFields;
  const files = { ...(stdout ? { stdout } : {}), ...(stderr ? { stderr } : {}) };
  return new BashExitError({ ...rest, ...files }, options);
}

const NO_EXIT = { exitCode: null, signal: null, command: '', stdoutTail: '', stderrTail: '' };

/** A message that names the task is left as it is. */
const nameIn = (message: string, task: TaskRef): string =>
  new RegExp(`\\btask ${task.id}\\b`).test(message) ? message : `${nameTask(task)}: ${message}`;

function revivePython(wire: WireError, task: TaskRef): PythonError {
  const { stack = '', message } = wire;
  const fields = ownFields(wire);
  const cause = wire.cause === undefined ? {} : { cause: reviveInner(wire.cause, task) };
  return new PythonError(message, { type: wire.name, traceback: stack, ...fields }, cause);
}

/** The stack is where loading failed on the worker; it matters more than ours. */
function reviveDefinition(wire: WireError, options: TaskErrorOptions): DefinitionError {
  const { stack } = wire;
  const error = new DefinitionError(options.message ?? wire.message, { ...options, fields: ownFields(wire) });
  if (stack !== undefined) hide(error, 'stack', `${error.name}: ${error.message}\non the worker: ${stack}`);
  return error;
}
