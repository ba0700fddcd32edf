/**
 * What we attach to an error that a task ended with: one property, `flotilla`, that says which task, which try and where.
 * The rest of a user's own error stays as it was. The property is not enumerable, so comparing own fields is undisturbed;
 * printing the error shows it.
 */
import { FlotillaError, brandError, type FlotillaErrorOptions } from './flotilla-error.ts';
import { describeTry, type TaskRef } from './task-ref.ts';

const BRAND = Symbol.for('flotilla.appError');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export interface AppErrorInfo {
  /** One of codes.ts; a user's own `code` stays on the error itself. */
  readonly code: string;
  readonly task: TaskRef;
}

/** An error that carries its task. */
export type TaggedError = Error & { readonly flotilla: AppErrorInfo };

/** Failures of an app that are described by a class of ours: Python's exceptions, exit codes, missing outputs, walltime. */
export class AppError extends FlotillaError {
  static {
    brandError(this, 'AppError');
  }

  /** Present once the error has reached the driver. */
  declare readonly flotilla?: AppErrorInfo;

  constructor(code: string, message: string, options?: FlotillaErrorOptions) {
    super(code, message, options);
  }
}

/** Whether `error` is what a task ended with: the user's own error or one of ours, with `error.flotilla` to say which task. */
export function isAppError(error: unknown): error is TaggedError {
  if (typeof error !== 'object' || error === null || !('flotilla' in error)) return false;
  const info = error.flotilla;
  return typeof info === 'object' && info !== null && BRAND in info;
}

/** Attaches `error.flotilla`. @returns the same error. */
export function tagWithTask<E extends Error>(error: E, code: string, task: TaskRef): E & TaggedError {
  const info = Object.freeze(Object.defineProperty({ code, task }, BRAND, { value: true }));
  return Object.defineProperties(error, {
    flotilla: { value: info, configurable: true, writable: true },
    [INSPECT]: { value: inspectWithTask, configurable: true, writable: true },
  }) as E & TaggedError;
}

type Inspect = (value: unknown, options: object) => string;

function inspectWithTask(this: TaggedError, _depth: number, options: object, inspect: Inspect): string {
  const printed = inspect(this, { ...options, customInspect: false });
  return `${printed}\n  [${this.flotilla.code}: ${describeTry(this.flotilla.task)}]`;
}
