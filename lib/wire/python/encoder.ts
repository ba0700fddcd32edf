/**
 * JavaScript values → a body of the Python codec, in one walk that refuses what cannot travel by its path.
 *
 * Plain values become one marshal stream. What marshal has no code for (typed arrays, dates, Python's own values, large bytes)
 * is written as `...` and described in a table behind it. Knows nothing of tasks.
 */
import { types } from 'node:util';
import { isDataFile } from '../../files/data-file.ts';
import { type Refused, UnencodableError } from '../unencodable.ts';
import { bytesOf, dtypeOf } from './dtypes.ts';
import { ExtrasTable } from './extras-table.ts';
import { Code, EXTRAS_HEADER_BYTES, Form, MAX_DEPTH, MAX_LENGTH, PLAIN_HEADER_BYTES, PYTHON_TAG } from './marshal-code.ts';
import { MarshalWriter } from './marshal-writer.ts';
import { collides, describeRefused, describeUnhashable, isPlainObject } from './refused.ts';
import { isNdArray, isPythonValue } from './values.ts';

/** Bytes beyond this are copied once, into the finished body, instead of into the growing buffer. */
const LARGE_BYTES = 64 * 1024;
/** A cycle reaches every depth: looking for one from here on costs ordinary values nothing. */
const CYCLE_CHECK_DEPTH = 16;
/** Years 1 to 9999, which is all that Python's datetime holds. */
const FIRST_DATE_MS = -62_135_596_800_000;
const LAST_DATE_MS = 253_402_300_799_999;

export type NamePath = (keys: readonly unknown[]) => string;

export class Encoder {
  readonly #writer = new MarshalWriter();
  /** Keys from the root to where the walk is, and the containers that have them. */
  readonly #keys: unknown[] = [];
  readonly #holders: object[] = [];
  #extras: ExtrasTable | undefined;
  #namePath: NamePath = String;

  /** @throws UnencodableError */
  encode(value: unknown, namePath: NamePath): Buffer {
    this.#namePath = namePath;
    this.#extras = undefined;
    this.#writer.reset(PLAIN_HEADER_BYTES);
    this.#write(value, 0);
    const body = this.#extras === undefined ? this.#finishPlain() : this.#finishWithExtras(this.#extras);
    // The user's objects are not kept alive by the last call.
    if (this.#holders.length > 0) this.#holders.length = this.#keys.length = 0;
    return body;
  }

  #write(value: unknown, depth: number): void {
    const writer = this.#writer;
    switch (typeof value) {
      case 'string':
        return this.#string(value, depth);
      case 'number':
        return writer.number(value);
      case 'boolean':
        return writer.code(value ? Code.True : Code.False);
      case 'undefined':
        return writer.code(Code.None);
      case 'bigint':
        return writer.bigint(value);
      case 'object':
        return value === null ? writer.code(Code.None) : this.#object(value, depth);
      default:
        return this.#refuse(describeRefused(value), depth);
    }
  }

  #string(value: string, depth: number): void {
    if (value.length > MAX_LENGTH / 3) this.#checkLength(Buffer.byteLength(value), depth);
    this.#writer.string(value);
  }

  #object(value: object, depth: number): void {
    if (Array.isArray(value)) return this.#array(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#record(value as Record<string, unknown>, depth);
    if (types.isUint8Array(value)) return this.#bytes(value, depth);
    if (ArrayBuffer.isView(value)) return this.#view(value, depth);
    if (types.isMap(value)) return this.#map(value, depth);
    if (types.isSet(value)) return this.#set(value, depth);
    if (types.isDate(value)) return this.#date(value, depth);
    if (types.isAnyArrayBuffer(value)) return this.#bytes(new Uint8Array(value), depth);
    if (isNdArray(value)) return this.#extra(depth).array(this.#path(depth), value.dtype, value.shape, bytesOf(value.data));
    if (isPythonValue(value)) return this.#extra(depth).python(this.#path(depth), value);
    if (isDataFile(value)) return this.#string(value.scheme === 'file' ? value.path : value.url, depth);
    if (isPlainObject(value)) return this.#record(value as Record<string, unknown>, depth);
    this.#refuse(describeRefused(value), depth);
  }

  #array(items: readonly unknown[], depth: number): void {
    this.#enter(items, depth);
    this.#writer.codeAndLength(Code.List, items.length);
    for (let i = 0; i < items.length; i++) {
      this.#keys[depth] = i;
      this.#write(items[i], depth + 1);
    }
  }

  #record(record: Record<string, unknown>, depth: number): void {
    this.#enter(record, depth);
    this.#writer.code(Code.Dict);
    for (const key of Object.keys(record)) {
      this.#writer.string(key);
      this.#keys[depth] = key;
      this.#write(record[key], depth + 1);
    }
    this.#writer.code(Code.End);
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.#enter(map, depth);
    this.#writer.code(Code.Dict);
    for (const [key, item] of map) {
      this.#key(key, map, 'a key of a Map', depth);
      this.#keys[depth] = key;
      this.#write(item, depth + 1);
    }
    this.#writer.code(Code.End);
  }

  #set(set: ReadonlySet<unknown>, depth: number): void {
    this.#writer.codeAndLength(Code.Set, set.size);
    for (const item of set) this.#key(item, set, 'an element of a Set', depth);
  }

  /** What Python must be able to hash, and tell from its neighbours. */
  #key(key: unknown, keys: { has(key: unknown): boolean }, role: string, depth: number): void {
    const unhashable = describeUnhashable(key);
    if (unhashable !== undefined) this.#refuseAs(`a collection with ${unhashable} as ${role} (Python cannot hash it)`, depth);
    if (collides(keys, key)) {
      this.#refuseAs(`a collection in which ${String(key)} as ${role} is the same as another to Python`, depth);
    }
    if (key instanceof Uint8Array) this.#writer.bytes(Code.Bytes, key);
    else this.#write(key, depth);
  }

  #bytes(bytes: Uint8Array, depth: number): void {
    this.#checkLength(bytes.length, depth);
    if (bytes.length > LARGE_BYTES) this.#extra(depth).bytes(this.#path(depth), bytes);
    else this.#writer.bytes(Code.Bytes, bytes);
  }

  #view(view: ArrayBufferView, depth: number): void {
    if (types.isDataView(view)) return this.#bytes(bytesOf(view), depth);
    const dtype = dtypeOf(view);
    this.#extra(depth).array(this.#path(depth), dtype, [(view as Float64Array).length], bytesOf(view));
  }

  #date(date: Date, depth: number): void {
    const ms = date.getTime();
    if (Number.isNaN(ms)) this.#refuseAs('an invalid Date', depth);
    if (ms < FIRST_DATE_MS || ms > LAST_DATE_MS) this.#refuseAs(`a Date outside the years 1 to 9999 (${date.toISOString()})`, depth);
    this.#extra(depth).date(this.#path(depth), ms);
  }

  /** Marks the place; the caller says what belongs there. */
  #extra(depth: number): ExtrasTable {
    this.#checkDepth(depth);
    this.#writer.code(Code.Extra);
    this.#extras ??= new ExtrasTable();
    return this.#extras;
  }

  #path(depth: number): readonly unknown[] {
    return this.#keys.slice(0, depth);
  }

  #enter(holder: object, depth: number): void {
    if (depth >= CYCLE_CHECK_DEPTH) {
      if (this.#holders.lastIndexOf(holder, depth - 1) >= 0) this.#refuseCycle(holder, depth);
      this.#checkDepth(depth);
    }
    this.#holders[depth] = holder;
  }

  /** It was gone round several times until it was seen; what is named is where it first closes. */
  #refuseCycle(holder: object, depth: number): never {
    const holders = [...this.#holders.slice(0, depth), holder];
    const firsts = holders.map((one) => (one === undefined ? Number.POSITIVE_INFINITY : holders.indexOf(one)));
    const closes = firsts.findIndex((first, at) => first < at);
    const above = firsts[closes] ?? 0;
    this.#refuseAs(`a cycle (it is ${this.#namePath(this.#path(above))} again)`, closes);
  }

  #checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) this.#refuseAs(`nested deeper than ${MAX_DEPTH} levels`, depth);
  }

  #checkLength(length: number, depth: number): void {
    if (length > MAX_LENGTH) this.#refuseAs(`${length} bytes long (2 GiB is the most that one value of Python's codec can have)`, depth);
  }

  #refuseAs(seen: string, depth: number): never {
    return this.#refuse({ seen }, depth);
  }

  #refuse(refused: Refused, depth: number): never {
    throw new UnencodableError(this.#namePath(this.#path(depth)), refused);
  }

  #finishPlain(): Buffer {
    const { buffer, at } = this.#writer;
    const body = Buffer.allocUnsafe(at);
    buffer.copy(body, 0, 0, at);
    body[0] = PYTHON_TAG;
    body[1] = Form.Plain;
    return body;
  }

  #finishWithExtras(extras: ExtrasTable): Buffer {
    const writer = this.#writer;
    const skeletonEnd = writer.at;
    extras.write(writer);
    const streams = writer.at - PLAIN_HEADER_BYTES;
    const body = Buffer.allocUnsafe(EXTRAS_HEADER_BYTES + streams + extras.blobBytes);
    body[0] = PYTHON_TAG;
    body[1] = Form.WithExtras;
    body.writeUInt32LE(skeletonEnd - PLAIN_HEADER_BYTES, 2);
    body.writeUInt32LE(writer.at - skeletonEnd, 6);
    writer.buffer.copy(body, EXTRAS_HEADER_BYTES, PLAIN_HEADER_BYTES, writer.at);
    extras.copyBlobs(body, EXTRAS_HEADER_BYTES + streams);
    return body;
  }
}
