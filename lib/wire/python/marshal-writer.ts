/**
 * Scalars in CPython's marshal format, written into a buffer that grows. Knows nothing of containers.
 */
import { Code } from './marshal-code.ts';
import { encodeWtf8 } from './wtf8.ts';

const DIGIT_BITS = 15;
const DIGIT = 2 ** DIGIT_BITS;
/** Up to this many characters a loop is faster than a call into the runtime. */
const SHORT_STRING = 24;
const FIRST_BYTES = 4096;
const KEPT_BYTES = 1 << 20;

export class MarshalWriter {
  buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  at = 0;
  /** Writes floats several times as fast as Buffer does. */
  #view = new DataView(this.buffer.buffer);

  /** Makes sure that `bytes` more fit. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.at + bytes, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.at);
    this.#use(larger);
  }

  /** Starts anew at `at`; lets go of a buffer that one large value has made large. */
  reset(at: number): void {
    if (this.buffer.length > KEPT_BYTES) this.#use(Buffer.allocUnsafeSlow(FIRST_BYTES));
    this.at = at;
  }

  #use(buffer: Buffer): void {
    this.buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }

  code(code: number): void {
    this.reserve(1);
    this.buffer[this.at++] = code;
  }

  codeAndLength(code: number, length: number): void {
    this.reserve(5);
    this.buffer[this.at] = code;
    this.int32(length, this.at + 1);
    this.at += 5;
  }

  int32(value: number, at: number): void {
    const { buffer } = this;
    buffer[at] = value;
    buffer[at + 1] = value >> 8;
    buffer[at + 2] = value >> 16;
    buffer[at + 3] = value >> 24;
  }

  /** An int where the number is a safe integer, else a float; −0 is a float. */
  number(value: number): void {
    if ((value | 0) === value && (value !== 0 || Object.is(value, 0))) this.codeAndLength(Code.Int, value);
    else if (Number.isSafeInteger(value) && value !== 0) this.#safeInteger(value);
    else this.#float(value);
  }

  #float(value: number): void {
    this.reserve(9);
    this.buffer[this.at] = Code.Float;
    this.#view.setFloat64(this.at + 1, value, true);
    this.at += 9;
  }

  #safeInteger(value: number): void {
    const digits: number[] = [];
    for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / DIGIT)) digits.push(rest % DIGIT);
    this.#long(digits, value < 0);
  }

  bigint(value: bigint): void {
    if (value === BigInt.asIntN(32, value)) return this.codeAndLength(Code.Int, Number(value));
    const hex = (value < 0n ? -value : value).toString(16);
    const digits: number[] = [];
    // 15 hexadecimal digits are four of marshal's.
    for (let end = hex.length; end > 0; end -= 15) {
      const group = BigInt(`0x${hex.slice(Math.max(0, end - 15), end)}`);
      for (let shift = 0n; shift < 60n; shift += 15n) digits.push(Number((group >> shift) & 0x7fffn));
    }
    while (digits.at(-1) === 0) digits.pop();
    this.#long(digits, value < 0n);
  }

  #long(digits: readonly number[], isNegative: boolean): void {
    this.codeAndLength(Code.Long, isNegative ? -digits.length : digits.length);
    this.reserve(2 * digits.length);
    for (const digit of digits) {
      this.buffer[this.at++] = digit;
      this.buffer[this.at++] = digit >> 8;
    }
  }

  string(value: string): void {
    const { length } = value;
    if (length > SHORT_STRING) return this.#longString(value);
    this.reserve(5 + length);
    const { buffer } = this;
    const start = this.at + 5;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return this.#longString(value);
      buffer[start + i] = unit;
    }
    buffer[this.at] = Code.String;
    this.int32(length, this.at + 1);
    this.at = start + length;
  }

  #longString(value: string): void {
    if (!value.isWellFormed()) return this.bytes(Code.String, encodeWtf8(value));
    const room = value.length > 4096 ? Buffer.byteLength(value) : value.length * 3;
    this.reserve(5 + room);
    const written = this.buffer.write(value, this.at + 5, 'utf8');
    this.buffer[this.at] = Code.String;
    this.int32(written, this.at + 1);
    this.at += 5 + written;
  }

  bytes(code: number, bytes: Uint8Array): void {
    this.codeAndLength(code, bytes.length);
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }
}
