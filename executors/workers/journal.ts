/**
 * The journal of a JavaScript worker: what it has finished in the batch at hand, kept where its death cannot take it.
 * Layout: u32 batch, then result records. See docs/decisions/002-wire-protocol.md.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { RESULT_HEADER_BYTES, countRecords, recordEnd } from '../../lib/wire/records.ts';

export const JOURNAL_RECORD_LIMIT = 4096;

/**
 * Where nothing can be written any more (its file system is full) it keeps nothing for the rest of the batch: there must be no gap.
 */
export class JournalWriter {
  readonly #fd: number;
  readonly #head = Buffer.alloc(4);
  #end = 4;
  #works = true;

  constructor(path: string) {
    this.#fd = openSync(path, 'w', 0o600);
  }

  begin(batch: number): void {
    this.#head.writeUInt32LE(batch, 0);
    this.#end = 4;
    // The length of the first record is cleared too: records of the batch before must not be taken for ours.
    this.#works = this.#write(Buffer.concat([this.#head, Buffer.alloc(4)]), 0);
  }

  /** @returns whether it is kept; if not, it has to be sent at once. */
  append(record: Buffer): boolean {
    if (!this.#works) return false;
    const terminated = Buffer.allocUnsafe(record.length + 4);
    record.copy(terminated);
    terminated.writeUInt32LE(0, record.length);
    this.#works = this.#write(terminated, this.#end);
    this.#end += record.length;
    return this.#works;
  }

  #write(bytes: Buffer, at: number): boolean {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, at) === bytes.length;
    } catch {
      // What has no place here leaves the worker at once.
      return false;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The result records that a dead worker left for `batch`, torn ones cut off; empty if it left none. */
export function readJournal(path: string, batch: number): Buffer {
  const bytes = readOrEmpty(path);
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== batch) return Buffer.alloc(0);
  let end = 4;
  while (bytes.length - end >= RESULT_HEADER_BYTES && bytes.readUInt32LE(end) !== 0) {
    const next = recordEnd(bytes, end);
    if (next > bytes.length) break;
    end = next;
  }
  const records = bytes.subarray(4, end);
  return countRecords(records, 0, RESULT_HEADER_BYTES) < 0 ? Buffer.alloc(0) : records;
}

function readOrEmpty(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    // The worker died before it opened its journal.
    return Buffer.alloc(0);
  }
}
