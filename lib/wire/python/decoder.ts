/**
 * Bodies of the Python codec, written by Python or by JavaScript → JavaScript values. Nothing in a result refers to the body's memory.
 */
import { isUtf8 } from 'node:buffer';
import { readExtras } from './extras-reader.ts';
import { Code, EXTRAS_HEADER_BYTES, Form, PLAIN_HEADER_BYTES, PYTHON_TAG } from './marshal-code.ts';
import { decodeWtf8 } from './wtf8.ts';

/** CPython nests at most 2,000; bytes that claim more are none of ours. */
const MAX_READ_DEPTH = 2_100;

/** @throws Error if the bytes are not a whole body of this codec. */
export function decodeBody(body: Buffer): unknown {
  if (body[0] !== PYTHON_TAG) throw new Error(`not a value of the Python codec: it starts with byte ${body[0]}, not ${PYTHON_TAG}`);
  switch (body[1]) {
    case Form.Plain:
      return new Reader(body, PLAIN_HEADER_BYTES, body.length, []).value();
    case Form.WithExtras:
      return decodeWithExtras(body);
    default:
      throw new Error(`a value of the Python codec in unknown form ${body[1]}`);
  }
}

function decodeWithExtras(body: Buffer): unknown {
  const tableStart = EXTRAS_HEADER_BYTES + body.readUInt32LE(2);
  const blobStart = tableStart + body.readUInt32LE(6);
  const table = new Reader(body, tableStart, blobStart, []).value();
  return new Reader(body, EXTRAS_HEADER_BYTES, tableStart, readExtras(table, body, blobStart)).value();
}

class Reader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #extras: readonly unknown[];
  #at: number;
  #nextExtra = 0;
  #depth = 0;

  constructor(bytes: Buffer, start: number, end: number, extras: readonly unknown[]) {
    if (end > bytes.length) throw new RangeError(`a value of the Python codec is cut off at ${bytes.length} bytes`);
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#extras = extras;
  }

  value(): unknown {
    const code = this.#bytes[this.#at++];
    switch (code) {
      case Code.Int:
        return this.#int32();
      case Code.Float:
        return this.#bytes.readDoubleLE(this.#skip(8));
      case Code.String:
        return this.#string();
      case Code.None:
        return null;
      case Code.True:
        return true;
      case Code.False:
        return false;
      case Code.List:
      case Code.Tuple:
        return this.#list();
      case Code.Dict:
        return this.#dict();
      default:
        return this.#rareValue(code);
    }
  }

  #rareValue(code: number | undefined): unknown {
    switch (code) {
      case Code.Bytes:
        return this.#copyBytes();
      case Code.Long:
        return this.#long();
      case Code.Set:
      case Code.FrozenSet:
        return new Set(this.#list());
      case Code.Extra:
        return this.#extra();
      default:
        throw new Error(`a value of the Python codec with unknown code ${code} at byte ${this.#at - 1}`);
    }
  }

  #skip(length: number): number {
    const start = this.#at;
    if (length < 0 || length > this.#end - start) throw new RangeError(`a value of the Python codec is cut off at byte ${start}`);
    this.#at = start + length;
    return start;
  }

  #int32(): number {
    return this.#bytes.readInt32LE(this.#skip(4));
  }

  #string(): string {
    const length = this.#int32();
    const start = this.#skip(length);
    const text = this.#bytes.toString('utf8', start, start + length);
    if (!text.includes('\ufffd')) return text;
    const bytes = this.#bytes.subarray(start, start + length);
    return isUtf8(bytes) ? text : decodeWtf8(bytes);
  }

  #copyBytes(): Buffer {
    const length = this.#int32();
    const start = this.#skip(length);
    return Buffer.from(this.#bytes.subarray(start, start + length));
  }

  /** A number where it is a safe integer, else a bigint. */
  #long(): number | bigint {
    const signedCount = this.#int32();
    const count = Math.abs(signedCount);
    const start = this.#skip(count * 2);
    const value = count <= 3 ? this.#smallLong(start, count) : this.#bigLong(start, count);
    return signedCount < 0 ? -value : value;
  }

  #smallLong(start: number, count: number): number {
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * 0x8000 + this.#bytes.readUInt16LE(start + 2 * i);
    return value;
  }

  #bigLong(start: number, count: number): number | bigint {
    let hex = '';
    // Four digits of 15 bits are 15 hexadecimal ones.
    for (let i = 0; i < count; i += 4) {
      let group = 0n;
      for (let j = Math.min(i + 4, count) - 1; j >= i; j--) group = (group << 15n) | BigInt(this.#bytes.readUInt16LE(start + 2 * j));
      hex = group.toString(16).padStart(15, '0') + hex;
    }
    const value = BigInt(`0x${hex}`);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  #list(): unknown[] {
    const length = this.#int32();
    // Every item has one byte at least: a length that cannot be is not allocated.
    if (length < 0 || length > this.#end - this.#at) throw new RangeError(`a list of ${length} items is cut off at byte ${this.#at}`);
    this.#enter();
    const items: unknown[] = new Array(length);
    for (let i = 0; i < length; i++) items[i] = this.value();
    this.#depth--;
    return items;
  }

  /** An object where all keys are strings, else a Map. */
  #dict(): unknown {
    this.#enter();
    const record: Record<string, unknown> = {};
    while (this.#bytes[this.#at] !== Code.End) {
      const key = this.value();
      if (typeof key !== 'string') return this.#mapFrom(record, key);
      const item = this.value();
      if (key === '__proto__') Object.defineProperty(record, key, { value: item, writable: true, enumerable: true, configurable: true });
      else record[key] = item;
    }
    this.#at++;
    this.#depth--;
    return record;
  }

  #mapFrom(record: Record<string, unknown>, firstKey: unknown): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>(Object.entries(record));
    map.set(firstKey, this.value());
    while (this.#bytes[this.#at] !== Code.End) map.set(this.value(), this.value());
    this.#at++;
    this.#depth--;
    return map;
  }

  #enter(): void {
    if (++this.#depth > MAX_READ_DEPTH) throw new RangeError(`a value of the Python codec nests deeper than ${MAX_READ_DEPTH} levels`);
  }

  #extra(): unknown {
    if (this.#nextExtra >= this.#extras.length) throw new Error('a value of the Python codec refers to an extra that it does not have');
    return this.#extras[this.#nextExtra++];
  }
}
