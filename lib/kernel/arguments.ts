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

/** The quick walk has no memory: arguments that are deeper or larger may be cyclic, or share so much that it would never end. */
const MAX_DEPTH = 50;
const MAX_OBJECTS = 100_000;

/** Of the arguments at hand. */
let objects = 0;

/** The futures and promises in `value`, in order, each at least once; undefined if there are none. */
export function findWaitables(value: readonly unknown[]): readonly Waitable[] | undefined {
  objects = 0;
  const found: Waitable[] = [];
  for (const item of value) {
    if (typeof item === 'object' && item !== null && !collect(item, found, 0)) return findDeep(value);
  }
  return found.length === 0 ? undefined : trim(found, value);
}

/** A task that waits keeps its list: without the room that an array grows by, 100 bytes and more; and not twice where the arguments are it. */
function trim(found: Waitable[], value: readonly unknown[]): readonly Waitable[] {
  const isAll = found.length === value.length && found.every((waitable, i) => waitable === value[i]);
  return isAll ? (value as readonly Waitable[]) : found.slice();
}

/** @returns false when it gave up. */
function collect(value: object, found: Waitable[], depth: number): boolean {
  if (isThenable(value)) {
    found.push(value);
    return true;
  }
  if (depth > MAX_DEPTH || ++objects > MAX_OBJECTS) return false;
  for (const item of childrenOf(value) ?? NONE) {
    if (typeof item === 'object' && item !== null && !collect(item, found, depth + 1)) return false;
  }
  return true;
}

const NONE: readonly unknown[] = [];

/** The same with an own stack and a memory of what it has seen. */
function findDeep(root: readonly unknown[]): readonly Waitable[] | undefined {
  const found: Waitable[] = [];
  const seen = new Set<object>();
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isThenable(value)) found.push(value);
    else for (const item of (childrenOf(value) ?? NONE).toReversed()) stack.push(item);
  }
  return found.length === 0 ? undefined : trim(found, root);
}

/** None where the arguments cannot be read at all; whoever encodes them finds out why. */
export function findWaitablesSafely(value: readonly unknown[]): readonly Waitable[] | undefined {
  try {
    return findWaitables(value);
  } catch {
    // A getter of the user's threw. It does so again when the task is launched, and then the error is the task's.
    return undefined;
  }
}

/** Objects of one argument that are copied; a larger one is shared, since a thousand waiting tasks may be given the same. */
const MAX_COPIED = 1000;

/**
 * Arguments as they are now, for a task that has to wait: a script that changes an object for its next call does not change this one.
 * Copies arrays and plain objects. What is large, and Maps, Sets and typed arrays, is shared until the task is launched.
 */
export function snapshot(args: readonly unknown[]): readonly unknown[] {
  if (!args.some(isContainer)) return args;
  return args.map((arg) => {
    if (!isContainer(arg)) return arg;
    const copied = new Map<object, unknown>();
    const copy = copyPlain(arg, copied);
    return copied.size > MAX_COPIED ? arg : copy;
  });
}

/** What a script may change after the call, and is copied. */
const isContainer = (arg: unknown): boolean => typeof arg === 'object' && arg !== null && !isThenable(arg) && isPlain(arg);

function copyPlain(value: unknown, copied: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null || isThenable(value) || copied.size > MAX_COPIED) return value;
  if (!isPlain(value) || Object.hasOwn(value, '__proto__')) return value;
  const known = copied.get(value);
  if (known !== undefined) return known;
  const copy = (Array.isArray(value) ? [] : {}) as Record<string, unknown>;
  copied.set(value, copy);
  for (const key of Object.keys(value)) copy[key] = copyPlain((value as Record<string, unknown>)[key], copied);
  if (Array.isArray(value)) (copy as unknown as unknown[]).length = value.length;
  return copy;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
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
