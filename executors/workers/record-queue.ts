/**
 * Task records waiting for a slot: chunks with a cursor, never an object per task.
 */
import { countRecords, recordEnd, TASK_HEADER_BYTES } from '../../lib/wire/records.ts';

interface Chunk {
  readonly bytes: Buffer;
  at: number;
}

/** A place in the queue's first records, while a batch is being chosen. */
export interface Peeked {
  readonly bytes: Buffer;
  readonly at: number;
}

export class RecordQueue {
  #chunks: Chunk[] = [];
  #head = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @throws RangeError if `records` is not whole task records. */
  push(records: Buffer): void {
    const count = countRecords(records, 0, TASK_HEADER_BYTES);
    if (count < 0) throw new RangeError(`${records.length} bytes that are not task records`);
    if (count === 0) return;
    this.#chunks.push({ bytes: records, at: 0 });
    this.#count += count;
  }

  /** Back to where they came from: before everything that waits. */
  unshift(records: Buffer): void {
    const count = countRecords(records, 0, TASK_HEADER_BYTES);
    if (count <= 0) return;
    this.#compact();
    this.#chunks.unshift({ bytes: records, at: 0 });
    this.#count += count;
  }

  peek(): Peeked | undefined {
    return this.#chunks[this.#head];
  }

  /**
   * Takes records from the front while `accept` agrees.
   * @returns runs of whole records, and how many they are.
   */
  takeWhile(accept: (bytes: Buffer, at: number, taken: number) => boolean): { parts: Buffer[]; count: number } {
    const parts: Buffer[] = [];
    let taken = 0;
    for (let chunk = this.#chunks[this.#head]; chunk; chunk = this.#chunks[this.#head]) {
      const from = chunk.at;
      let at = from;
      while (at < chunk.bytes.length && accept(chunk.bytes, at, taken)) {
        at = recordEnd(chunk.bytes, at);
        taken++;
      }
      if (at > from) parts.push(chunk.bytes.subarray(from, at));
      chunk.at = at;
      if (at < chunk.bytes.length) break;
      this.#dropHead();
    }
    this.#count -= taken;
    return { parts, count: taken };
  }

  /** Takes out the records that `matches` names, wherever they are. @returns how many. */
  remove(matches: (bytes: Buffer, at: number) => boolean): number {
    let removed = 0;
    const kept: Chunk[] = [];
    for (const { bytes, at: from } of this.#chunks.slice(this.#head)) {
      let runStart = from;
      for (let at = from; at < bytes.length; ) {
        const end = recordEnd(bytes, at);
        if (matches(bytes, at)) {
          if (at > runStart) kept.push({ bytes: bytes.subarray(0, at), at: runStart });
          runStart = end;
          removed++;
        }
        at = end;
      }
      if (runStart < bytes.length) kept.push({ bytes, at: runStart });
    }
    this.#chunks = kept;
    this.#head = 0;
    this.#count -= removed;
    return removed;
  }

  forEach(visit: (bytes: Buffer, at: number) => void): void {
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const { bytes, at: from } = this.#chunks[i] as Chunk;
      for (let at = from; at < bytes.length; at = recordEnd(bytes, at)) visit(bytes, at);
    }
  }

  #dropHead(): void {
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#chunks.length) this.#compact();
  }

  #compact(): void {
    this.#chunks = this.#chunks.slice(this.#head);
    this.#head = 0;
  }
}
