/**
 * The walk that decides how a value travels: as plain MessagePack, as a structured clone, or not at all.
 */
import { isOwnTraveller, isTraveller } from './travellers.ts';

export const Fit = { Plain: 0, Clone: 1, Refused: 2 } as const;
export type Fit = (typeof Fit)[keyof typeof Fit];

/** The quick walk has no memory: a value that is deeper or larger may be cyclic, or share so much that it would never end. */
const MAX_DEPTH = 200;
const MAX_OBJECTS = 100_000;
/** It gave up. */
const Unknown = 3;
type Found = Fit | typeof Unknown;

/** Of the value at hand. */
let objects = 0;

export function classify(value: unknown): Fit {
  objects = 0;
  const found = walk(value, 0);
  return found === Unknown ? classifyDeep(value as object) : found;
}

function walk(value: unknown, depth: number): Found {
  switch (typeof value) {
    case 'number':
      return value === 0 && Object.is(value, -0) ? Fit.Clone : Fit.Plain;
    case 'string':
      return value.isWellFormed() ? Fit.Plain : Fit.Clone;
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return Fit.Plain;
    case 'object':
      return value === null ? Fit.Plain : classifyObject(value, depth);
    default:
      return Fit.Refused;
  }
}

function classifyObject(value: object, depth: number): Found {
  if (depth > MAX_DEPTH || ++objects > MAX_OBJECTS) return Unknown;
  if (Array.isArray(value)) return classifyArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return classifyRecord(value as Record<string, unknown>, depth);
  if (isTraveller(value)) return isOwnTraveller(value) ? Fit.Plain : Fit.Clone;
  return classifyBuiltin(value, (item) => walk(item, depth + 1));
}

function classifyArray(items: readonly unknown[], depth: number): Found {
  let fit: Fit = Fit.Plain;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined && !(i in items)) fit = Fit.Clone;
    const of = walk(item, depth + 1);
    if (of >= Fit.Refused) return of;
    if (of === Fit.Clone) fit = of;
  }
  return fit;
}

function classifyRecord(record: Record<string, unknown>, depth: number): Found {
  let fit: Fit = Fit.Plain;
  for (const key in record) {
    if (key === '__proto__' || !key.isWellFormed()) fit = Fit.Clone;
    const of = walk(record[key], depth + 1);
    if (of >= Fit.Refused) return of;
    if (of === Fit.Clone) fit = of;
  }
  return fit;
}

const CLONED_AS_IS = new Set<unknown>([
  Date,
  RegExp,
  ArrayBuffer,
  Buffer,
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
  Boolean,
  Number,
  String,
]);
const BUILTIN_ERRORS = new Set<unknown>([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]);

function classifyBuiltin<F extends Found>(value: object, classifyItem: (item: unknown) => F): F | Fit {
  const { constructor } = value;
  if (CLONED_AS_IS.has(constructor)) return Fit.Clone;
  if (constructor === Map) return worst(entriesOf(value as Map<unknown, unknown>), classifyItem);
  if (constructor === Set) return worst(value as Set<unknown>, classifyItem);
  // An error's own fields would be lost by a structured clone: only bare ones travel as values.
  if (BUILTIN_ERRORS.has(constructor) && Object.keys(value).length === 0) return Fit.Clone;
  return Fit.Refused;
}

function* entriesOf(map: Map<unknown, unknown>): Iterable<unknown> {
  for (const [key, item] of map) {
    yield key;
    yield item;
  }
}

function worst<F extends Found>(items: Iterable<unknown>, classifyItem: (item: unknown) => F): F | Fit {
  for (const item of items) {
    const of = classifyItem(item);
    if (of >= Fit.Refused) return of;
  }
  return Fit.Clone;
}

/** For values that may be cyclic: the same judgement with an own stack and a memory of what it has seen. V8 keeps cycles and sharing. */
function classifyDeep(root: object): Fit {
  const seen = new Set<object>([root]);
  const stack: object[] = [root];
  const visit = (item: unknown): Fit => {
    if (typeof item === 'function' || typeof item === 'symbol') return Fit.Refused;
    if (typeof item !== 'object' || item === null || seen.has(item)) return Fit.Clone;
    seen.add(item);
    stack.push(item);
    return Fit.Clone;
  };
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const prototype: unknown = Object.getPrototypeOf(next);
    const isPlain = Array.isArray(next) || prototype === Object.prototype || prototype === null;
    const fit = isPlain ? worst(Object.values(next), visit) : isTraveller(next) ? Fit.Clone : classifyBuiltin(next, visit);
    if (fit === Fit.Refused) return fit;
  }
  return Fit.Clone;
}
