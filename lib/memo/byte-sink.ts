/**
 * Bytes that grow as they are written. Everything of variable length has its length before it, so that no two sequences of writes
 * come to the same bytes.
 */
export class ByteSink {
  #bytes = Buffer.allocUnsafe(128);
  #length = 0;

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** One ASCII letter. */
  tag(letter: string): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = letter.charCodeAt(0);
  }

  count(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** −0 as 0, and one NaN for all. */
  number(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(Number.isNaN(value) ? Number.NaN : value + 0, this.#length);
  }

  text(value: string): void {
    // Lone surrogates are all one in UTF-8.
    if (!value.isWellFormed()) return this.#wideText(value);
    const length = Buffer.byteLength(value);
    this.count(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length, length, 'utf8');
  }

  #wideText(value: string): void {
    this.count(0xffff_ffff);
    this.raw(Buffer.from(value, 'utf16le'));
  }

  named(tag: string, name: string, content: Uint8Array): void {
    this.tag(tag);
    this.text(name);
    this.raw(content);
  }

  raw(content: Uint8Array): void {
    this.count(content.length);
    this.#reserve(content.length);
    this.#bytes.set(content, this.#length);
    this.#length += content.length;
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
