/**
 * Values as bytes between JavaScript processes. The first byte says how the rest is encoded.
 *
 * One walk decides: what MessagePack keeps exactly goes that way (0.2 µs for small arguments); what only a structured clone keeps
 * (Map, Set, cycles, −0, sparse arrays, lone surrogates, errors) goes through V8's serializer; what cannot travel is refused by its path.
 */
import { deserialize, serialize } from 'node:v8';
import { addExtension, Packr, RESERVE_START_SPACE } from 'msgpackr';
import { DataFile } from '../files/data-file.ts';
import type { StoredValue } from '../task-spec.ts';
import { decodePython } from './python-codec.ts';
import { refuse } from './refuse.ts';

export const ValueTag = { Plain: 0, Clone: 1, Python: 2, Stored: 3, CloneWithFiles: 4 } as const;

const DATA_FILE_EXTENSION = 0x46;
addExtension({
  Class: DataFile as unknown as new () => DataFile,
  type: DATA_FILE_EXTENSION,
  write: (file: DataFile) => file.url,
  read: (url: unknown) => new DataFile(String(url)),
});

const packr = new Packr({ useRecords: false, moreTypes: true });

/** MessagePack for our own envelopes (contexts, definitions, events): plain maps that Python reads too. */
export const pack = (value: unknown): Buffer => packr.pack(value);
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);

/**
 * @returns tag byte and body in one buffer.
 * @throws UnencodableError naming the path inside `value` of what cannot travel.
 */
export function encodeValue(value: unknown, root = ''): Buffer {
  switch (classify(value, 0)) {
    case Fit.Plain:
      return packPlain(value);
    case Fit.Clone:
      return encodeClone(value, root);
    default:
      return refuse(value, root);
  }
}

/** @throws Error if the bytes are not an encoded value, or are one that lies in a store. */
export function decodeValue(body: Buffer): unknown {
  switch (body[0]) {
    case ValueTag.Plain:
      return packr.unpack(body.subarray(1));
    case ValueTag.Clone:
      return deserialize(body.subarray(1));
    case ValueTag.CloneWithFiles:
      return restoreFiles(deserialize(body.subarray(1)));
    case ValueTag.Python:
      return decodePython(body);
    default:
      throw new Error(`cannot decode a value with tag ${body[0]}`);
  }
}

export function encodeStored(stored: StoredValue): Buffer {
  const body = packr.pack(stored, RESERVE_START_SPACE | 1);
  body[0] = ValueTag.Stored;
  return body;
}

export const isStored = (body: Uint8Array): boolean => body[0] === ValueTag.Stored;

export function decodeStored(body: Buffer): StoredValue {
  return packr.unpack(body.subarray(1)) as StoredValue;
}

function packPlain(value: unknown): Buffer {
  const body = packr.pack(value, RESERVE_START_SPACE | 1);
  body[0] = ValueTag.Plain;
  return body;
}

const Fit = { Plain: 0, Clone: 1, Refused: 2 } as const;
type Fit = (typeof Fit)[keyof typeof Fit];

/** Deeper than this the walk hands over to V8, which finds cycles (and says so when a value is too deep for it). */
const MAX_PLAIN_DEPTH = 200;

function classify(value: unknown, depth: number): Fit {
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

function classifyObject(value: object, depth: number): Fit {
  if (depth > MAX_PLAIN_DEPTH) return classifyDeep(value);
  if (Array.isArray(value)) return classifyArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return classifyRecord(value as Record<string, unknown>, depth);
  if (value instanceof DataFile) return Fit.Plain;
  return classifyBuiltin(value, (item) => classify(item, depth + 1));
}

function classifyArray(items: readonly unknown[], depth: number): Fit {
  let fit: Fit = Fit.Plain;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined && !(i in items)) fit = Fit.Clone;
    const of = classify(item, depth + 1);
    if (of === Fit.Refused) return of;
    if (of === Fit.Clone) fit = of;
  }
  return fit;
}

function classifyRecord(record: Record<string, unknown>, depth: number): Fit {
  let fit: Fit = Fit.Plain;
  for (const key in record) {
    if (key === '__proto__' || !key.isWellFormed()) fit = Fit.Clone;
    const of = classify(record[key], depth + 1);
    if (of === Fit.Refused) return of;
    if (of === Fit.Clone) fit = of;
  }
  return fit;
}

const CLONED_AS_IS = new Set<unknown>([
  Date, RegExp, ArrayBuffer, Buffer, Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView, Boolean, Number, String,
]);
const BUILTIN_ERRORS = new Set<unknown>([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]);

function classifyBuiltin(value: object, classifyItem: (item: unknown) => Fit): Fit {
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

function worst(items: Iterable<unknown>, classifyItem: (item: unknown) => Fit): Fit {
  for (const item of items) if (classifyItem(item) === Fit.Refused) return Fit.Refused;
  return Fit.Clone;
}

/** For values that are very deep or cyclic: the same judgement with an own stack and a memory of what it has seen. */
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
    const fit = isPlain ? worst(Object.values(next), visit) : next instanceof DataFile ? Fit.Clone : classifyBuiltin(next, visit);
    if (fit === Fit.Refused) return fit;
  }
  return Fit.Clone;
}

function encodeClone(value: unknown, root: string): Buffer {
  const files = { found: false };
  try {
    const source = replaceFiles(value, files, new Map());
    return Buffer.concat([Buffer.of(files.found ? ValueTag.CloneWithFiles : ValueTag.Clone), serialize(files.found ? source : value)]);
  } catch (error) {
    return refuse(value, root, error);
  }
}

const FILE_MARK = '\u0000flotilla.file';

function replaceFiles(value: unknown, files: { found: boolean }, done: Map<object, unknown>): unknown {
  return mapValues(value, done, (object) => {
    if (!(object instanceof DataFile)) return undefined;
    files.found = true;
    return { [FILE_MARK]: object.url };
  });
}

function restoreFiles(value: unknown): unknown {
  return mapValues(value, new Map(), (object) =>
    FILE_MARK in object ? new DataFile(String((object as Record<string, unknown>)[FILE_MARK])) : undefined,
  );
}

/** A copy of `value` in which `replace` may put something else for an object; what needs no copy is kept. */
function mapValues(value: unknown, done: Map<object, unknown>, replace: (object: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  const replacement = replace(value);
  if (replacement !== undefined) return replacement;
  const again = (item: unknown): unknown => mapValues(item, done, replace);
  if (Array.isArray(value)) {
    const copy: unknown[] = new Array(value.length);
    done.set(value, copy);
    for (const key of value.keys()) if (key in value) copy[key] = again(value[key]);
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    done.set(value, copy);
    for (const [key, item] of value) copy.set(again(key), again(item));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    done.set(value, copy);
    for (const item of value) copy.add(again(item));
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  done.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = again(item);
  return copy;
}
