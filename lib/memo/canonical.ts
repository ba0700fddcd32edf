/**
 * A value as bytes that are equal when the values mean the same to an app: the order of an object's keys, of a Map's entries and of a
 * Set's members does not count, and −0 is 0. Types count: 1 is not 1n, a Map is not an object, a Uint8Array is not an array.
 *
 * Pure. What only the world knows (what is in a file) is asked of `name`.
 */
import { formatPath } from '../wire/unencodable.ts';
import { toMark } from '../wire/travellers.ts';
import { ByteSink } from './byte-sink.ts';

/** What stands for an object that is not looked into: a file, a value in a store. Undefined: look into it. */
export type ObjectNamer = (object: object) => string | undefined;

/** A value that has no canonical bytes: a function, an instance of a class of the user's. */
export class UnkeyableError extends Error {
  readonly path: string;
  readonly seen: string;

  constructor(path: string, seen: string) {
    super(`${path} is ${seen}`);
    this.name = 'UnkeyableError';
    this.path = path;
    this.seen = seen;
  }
}

const MAX_DEPTH = 1000;
/** A dense graph of objects has more paths than anybody can walk. */
const MAX_VISITS = 5_000_000;

const TYPED_ARRAYS = new Set<unknown>([
  Buffer,
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]);

interface Walk {
  readonly name: ObjectNamer;
  readonly root: string;
  readonly path: unknown[];
  /** The objects around the one at hand: meeting one of them again is a cycle. */
  readonly around: object[];
  visits: number;
}

/**
 * @param root what error messages call the value.
 * @throws UnkeyableError naming the path of what cannot be part of a key.
 */
export function canonicalBytes(value: unknown, name: ObjectNamer, root = 'value'): Buffer {
  const sink = new ByteSink();
  write(sink, value, { name, root, path: [], around: [], visits: 0 });
  return sink.bytes();
}

function write(sink: ByteSink, value: unknown, walk: Walk): void {
  switch (typeof value) {
    case 'undefined':
      return sink.tag('u');
    case 'boolean':
      return sink.tag(value ? 't' : 'f');
    case 'number':
      sink.tag('d');
      return sink.number(value);
    case 'bigint':
      sink.tag('i');
      return sink.text(value.toString());
    case 'string':
      sink.tag('s');
      return sink.text(value);
    case 'object':
      return value === null ? sink.tag('n') : writeObject(sink, value, walk);
    default:
      throw refused(walk, typeof value === 'function' ? `a function (${value.name || 'anonymous'})` : `a ${typeof value}`);
  }
}

function writeObject(sink: ByteSink, value: object, walk: Walk): void {
  const named = walk.name(value);
  if (named !== undefined) {
    sink.tag('F');
    return sink.text(named);
  }
  const distance = walk.around.length - walk.around.lastIndexOf(value);
  if (distance <= walk.around.length) {
    sink.tag('C');
    return sink.count(distance);
  }
  if (walk.around.length >= MAX_DEPTH) throw refused(walk, `nested more than ${MAX_DEPTH} deep`);
  if (++walk.visits > MAX_VISITS) throw refused(walk, 'part of a graph of objects that has too many paths through it');
  walk.around.push(value);
  writeParts(sink, value, walk);
  walk.around.pop();
}

function writeParts(sink: ByteSink, value: object, walk: Walk): void {
  if (Array.isArray(value)) return writeArray(sink, value, walk);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return writeRecord(sink, value as Record<string, unknown>, walk);
  if (value instanceof Map) return writeUnordered(sink, 'M', value, walk, ([key, item]) => [key, item]);
  if (value instanceof Set) return writeUnordered(sink, 'S', value, walk, (item) => [item]);
  if (ArrayBuffer.isView(value) && TYPED_ARRAYS.has(value.constructor)) {
    return sink.named('T', value.constructor.name, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  writeBuiltin(sink, value, walk);
}

function writeBuiltin(sink: ByteSink, value: object, walk: Walk): void {
  const mark = toMark(value);
  if (mark) {
    sink.tag('X');
    return writeRecord(sink, mark as Record<string, unknown>, walk);
  }
  if (value instanceof ArrayBuffer) return sink.named('T', 'ArrayBuffer', new Uint8Array(value));
  if (value instanceof Date) {
    sink.tag('D');
    return sink.number(value.getTime());
  }
  if (value instanceof RegExp) return sink.named('R', value.flags, Buffer.from(value.source));
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    sink.tag('W');
    return write(sink, value.valueOf(), walk);
  }
  if (value instanceof Error && Object.keys(value).length === 0) return sink.named('E', value.name, Buffer.from(value.message));
  throw refused(walk, `an instance of class ${value.constructor?.name ?? 'unknown'}`);
}

function writeArray(sink: ByteSink, items: readonly unknown[], walk: Walk): void {
  sink.tag('A');
  sink.count(items.length);
  for (let i = 0; i < items.length; i++) {
    if (items[i] === undefined && !(i in items)) sink.tag('h');
    else writeAt(sink, i, items[i], walk);
  }
}

function writeRecord(sink: ByteSink, record: Record<string, unknown>, walk: Walk): void {
  const keys = Object.keys(record).sort();
  sink.tag('O');
  sink.count(keys.length);
  for (const key of keys) {
    sink.text(key);
    writeAt(sink, key, record[key], walk);
  }
}

function writeAt(sink: ByteSink, key: unknown, value: unknown, walk: Walk): void {
  walk.path.push(key);
  write(sink, value, walk);
  walk.path.pop();
}

/** Each part as bytes of its own, so that they can be put in order. */
function writeUnordered<T>(sink: ByteSink, tag: string, items: Iterable<T>, walk: Walk, partsOf: (item: T) => readonly unknown[]): void {
  const encoded: Buffer[] = [];
  for (const item of items) {
    const own = new ByteSink();
    for (const part of partsOf(item)) writeAt(own, encoded.length, part, walk);
    encoded.push(own.bytes());
  }
  encoded.sort(Buffer.compare);
  sink.tag(tag);
  sink.count(encoded.length);
  for (const bytes of encoded) sink.raw(bytes);
}

const refused = (walk: Walk, seen: string): UnkeyableError => new UnkeyableError(formatPath(walk.root, walk.path), seen);
