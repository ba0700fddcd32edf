/**
 * One marshal stream → the value that it holds. Knows nothing of what extras are, only their order.
 */
import { isUtf8 } from 'node:buffer';
import { Code } from './marshal-code.ts';
import { decodeWtf8 } from './wtf8.ts';

/** CPython nests at most 2,000; bytes that claim more are none of ours. */
const MAX_READ_DEPTH = 2_100;

const KNOWN_KEYS = 256;
const LONGEST_KNOWN_KEY = 32;
/** Keys of ASCII alone, by a rough hash. */
const knownKeys: (string | undefined)[] = new Array(KNOWN_KEYS).fill(undefined);

function isTextAt(text: string, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[at + i]) return false;
  return true;
}

export class MarshalReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #extras: readonly unknown[];
  #at: number;
  /** Reads floats several times as fast as Buffer does; made for the first one. */
  #view: DataView | undefined;
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
        return this.#float();
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

  #float(): number {
    const at = this.#skip(8);
    this.#view ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    return this.#view.getFloat64(at, true);
  }

  #string(): string {
    const length = this.#int32();
    const start = this.#skip(length);
    const text = this.#bytes.toString('utf8', start, start + length);
    if (!text.includes('\ufffd')) return text;
    const bytes = this.#bytes.subarray(start, start + length);
    return isUtf8(bytes) ? text : decodeWtf8(bytes);
  }

  /** Keys recur: most are found, and not made again. */
  #key(): unknown {
    const bytes = this.#bytes;
    const start = this.#at + 5;
    const length = bytes[this.#at + 1] ?? 0;
    const isShort = length > 0 && length <= LONGEST_KNOWN_KEY && start + length <= this.#end;
    if (!isShort || bytes[this.#at] !== Code.String || bytes[start - 1] !== 0 || bytes[start - 2] !== 0 || bytes[start - 3] !== 0) {
      return this.value();
    }
    const slot = ((bytes[start] ?? 0) * 7 + (bytes[start + length - 1] ?? 0) * 31 + length) & (KNOWN_KEYS - 1);
    const known = knownKeys[slot];
    if (known !== undefined && known.length === length && isTextAt(known, bytes, start)) {
      this.#at = start + length;
      return known;
    }
    const key = this.#readString();
    if (key.length === length) knownKeys[slot] = key;
    return key;
  }

  #readString(): string {
    this.#at++;
    return this.#string();
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
      const key = this.#key();
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
