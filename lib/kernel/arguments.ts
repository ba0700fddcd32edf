/**
 * Futures inside arguments: finding them, and putting their values in their place.
 *
 * They count anywhere inside arrays and plain objects. Inside a Map, a Set or a class instance they are refused when the arguments are
 * encoded, not ignored.
 */
import { isFuture } from '../futures/app-future.ts';
import type { Settleable } from '../futures/settleable.ts';

export type Waitable = PromiseLike<unknown>;

const isThenable = (value: object): value is Waitable => typeof (value as { then?: unknown }).then === 'function';

/** Deeper than this, arguments may be cyclic: from here on what was seen is remembered. */
const SAFE_DEPTH = 50;

/** The futures and promises in `value`, each once per place; undefined if there are none. */
export function findWaitables(value: readonly unknown[]): Waitable[] | undefined {
  let found: Waitable[] | undefined;
  for (const item of value) {
    if (typeof item === 'object' && item !== null) found = collect(item, found, 0, undefined);
  }
  return found;
}

function collect(value: object, found: Waitable[] | undefined, depth: number, seen: Set<object> | undefined): Waitable[] | undefined {
  if (isThenable(value)) {
    if (!found) return [value];
    found.push(value);
    return found;
  }
  const items = childrenOf(value);
  if (!items) return found;
  let known = seen;
  if (depth > SAFE_DEPTH) {
    known ??= new Set();
    if (known.has(value)) return found;
    known.add(value);
  }
  let all = found;
  for (const item of items) if (typeof item === 'object' && item !== null) all = collect(item, all, depth + 1, known);
  return all;
}

function childrenOf(value: object): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.values(value) : undefined;
}

/** `value` with `replace(future)` in place of each future; parts without futures are shared, not copied. */
export function replaceWaitables(value: unknown, replace: (waitable: Waitable, path: (string | number)[]) => unknown): unknown {
  return replaceIn(value, [], replace, new Map());
}

function replaceIn(
  value: unknown,
  path: (string | number)[],
  replace: (waitable: Waitable, path: (string | number)[]) => unknown,
  done: Map<object, unknown>,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isThenable(value)) return replace(value, path);
  if (done.has(value)) return done.get(value);
  if (!childrenOf(value)) return value;
  done.set(value, value);
  const isArray = Array.isArray(value);
  let copy: Record<string | number, unknown> | undefined;
  for (const key of isArray ? value.keys() : Object.keys(value)) {
    const item = (value as Record<string | number, unknown>)[key];
    const replaced = typeof item === 'object' && item !== null ? replaceIn(item, [...path, key], replace, done) : item;
    if (replaced === item) continue;
    copy ??= (isArray ? [...value] : { ...value }) as Record<string | number, unknown>;
    copy[key] = replaced;
  }
  const result = copy ?? value;
  done.set(value, result);
  return result;
}

export const asFuture = (waitable: Waitable): Settleable<unknown> | undefined => (isFuture(waitable) ? waitable : undefined);
