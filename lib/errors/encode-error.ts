/**
 * Errors as data, on the worker's side. Never throws: whatever an app threw has a WireError.
 */
import { types } from 'node:util';
import { FlotillaError } from './flotilla-error.ts';
import { previewValue } from './message-parts.ts';
import { toTravelling, travellingFields } from './wire-fields.ts';
import type { WireError } from './wire-error.ts';

/** The `name` of something that was thrown and is no error; it travels as `fields.value`. */
export const NON_ERROR = 'NonError';

const MAX_NESTING = 16;

/** Our own classes that a worker makes, by code; they revive as what they were. */
const KIND_BY_CODE: Readonly<Record<string, WireError['kind']>> = {
  FLOTILLA_PYTHON_ERROR: 'python',
  FLOTILLA_BASH_EXIT_ERROR: 'bash',
  FLOTILLA_MISSING_OUTPUTS_ERROR: 'missing-outputs',
  FLOTILLA_SERIALIZATION_ERROR: 'serialization',
  FLOTILLA_WALLTIME_ERROR: 'walltime',
  FLOTILLA_MEMORY_LIMIT_ERROR: 'memory-limit',
  FLOTILLA_PLACEMENT_ERROR: 'placement',
  FLOTILLA_WORKER_LOST: 'worker-lost',
  FLOTILLA_MANAGER_LOST: 'manager-lost',
  FLOTILLA_CANCELLED_ERROR: 'cancelled',
  FLOTILLA_DEFINITION_ERROR: 'definition',
};

const isError = (value: unknown): value is Error => types.isNativeError(value) || value instanceof Error;

export function encodeError(error: unknown): WireError {
  return encodeNested(error, 0);
}

function encodeNested(error: unknown, depth: number): WireError {
  if (!isError(error)) return encodeNonError(error);
  const own = FlotillaError.is(error) ? KIND_BY_CODE[error.code] : undefined;
  const stack = read(error, 'stack');
  return {
    kind: own ?? 'js',
    name: readText(error, 'name', 'Error'),
    message: readText(error, 'message', ''),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...encodeFields(error, own !== undefined),
    ...encodeInner(error, depth),
  };
}

function encodeNonError(value: unknown): WireError {
  const message = `the app threw something that is not an error: ${previewValue(value)}`;
  return { kind: 'js', name: NON_ERROR, message, fields: { value: toTravelling(value) } };
}

const TRAVEL_OTHERWISE: ReadonlySet<string> = new Set(['message', 'stack', 'cause', 'errors', 'flotilla']);

function encodeFields(error: Error, isOurs: boolean): { fields?: Record<string, unknown> } {
  const names = Object.keys(error).filter((name) => !TRAVEL_OTHERWISE.has(name) && !(isOurs && name === 'code'));
  if (isOurs && 'traceback' in error) names.push('traceback');
  return names.length === 0 ? {} : { fields: travellingFields(error, names) };
}

function encodeInner(error: Error, depth: number): Pick<WireError, 'cause' | 'errors'> {
  if (depth >= MAX_NESTING) return {};
  const errors = Object.hasOwn(error, 'errors') ? read(error, 'errors') : undefined;
  return {
    ...(Object.hasOwn(error, 'cause') ? { cause: encodeNested(read(error, 'cause'), depth + 1) } : {}),
    ...(Array.isArray(errors) ? { errors: errors.map((inner: unknown) => encodeNested(inner, depth + 1)) } : {}),
  };
}

function readText(error: Error, key: 'name' | 'message', otherwise: string): string {
  const value = read(error, key);
  return value === undefined ? otherwise : typeof value === 'string' ? value : previewValue(value);
}

function read(error: Error, key: string): unknown {
  try {
    return Reflect.get(error, key);
  } catch {
    return undefined; // a getter of the user's own threw; the rest of the error still travels
  }
}
