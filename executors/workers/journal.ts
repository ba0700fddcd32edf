/**
 * The journal of a worker: what it has finished in the batch at hand, kept where its death cannot take it.
 * Layout: u32 batch, then result records, each with u32 batch behind it; of one that is too large, only its place. A write is not one deed: of one
 * that crosses pages the first may be there and the second not, and what was there before looks just like it, but for the batch. See docs/decisions/002-wire-protocol.md.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { RESULT_HEADER_BYTES, recordEnd } from '../../lib/wire/records.ts';

export const JOURNAL_RECORD_LIMIT = 4096;

/** Of the batch behind a record: where it stands, all of the record does. */
const MARK_BYTES = 4;

/** Status of a record that holds the place of one which was sent and not written down. */
const PLACE = 0xff;

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

  /** @returns whether it is kept; if not, the worker must not go on with the batch: nobody could tell how far it is. */
  append(record: Buffer): boolean {
    if (!this.#works) return false;
    const kept = record.length > JOURNAL_RECORD_LIMIT ? placeOf(record) : record;
    const terminated = Buffer.allocUnsafe(kept.length + MARK_BYTES + 4);
    kept.copy(terminated);
    this.#head.copy(terminated, kept.length);
    terminated.writeUInt32LE(0, kept.length + MARK_BYTES);
    this.#works = this.#write(terminated, this.#end);
    this.#end += kept.length + MARK_BYTES;
    return this.#works;
  }

  #write(bytes: Buffer, at: number): boolean {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, at) === bytes.length;
    } catch {
      // Its file system is full: who asks is told.
      return false;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** So that the number of records says which task runs, whatever their size. */
function placeOf(record: Buffer): Buffer {
  const place = Buffer.from(record.subarray(0, RESULT_HEADER_BYTES));
  place.writeUInt32LE(RESULT_HEADER_BYTES - 4, 0);
  place[14] = PLACE;
  place[15] = 0;
  return place;
}

/** How many tasks of `batch` have ended; undefined if the worker has not begun it. @throws Error if there is no journal. */
export const countInJournal = (path: string, batch: number): number | undefined => parse(readFileSync(path), batch)?.count;

/** The result records that a dead worker left for `batch`, torn ones cut off; empty if it left none. */
export const readJournal = (path: string, batch: number): Buffer => parse(readOrEmpty(path), batch)?.records ?? NOTHING;

/** The same of a worker that lives. Its latest record may be half written: what is not the same when read again is not believed. */
export function peekIntoJournal(path: string, batch: number): Buffer {
  const bytes = readOrEmpty(path);
  const content = parse(bytes, batch);
  if (content === undefined || content.count === 0) return NOTHING;
  return readOrEmpty(path).subarray(0, content.end).equals(bytes.subarray(0, content.end)) ? content.records : NOTHING;
}

const NOTHING = Buffer.alloc(0);

interface JournalContent {
  /** Tasks of the batch that have ended. */
  readonly count: number;
  /** Their result records, but for those that are too large. */
  readonly records: Buffer;
  /** Where the next one will be. */
  readonly end: number;
}

/** @returns undefined if it is of another batch. */
function parse(bytes: Buffer, batch: number): JournalContent | undefined {
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== batch) return undefined;
  const runs: Buffer[] = [];
  let [end, count] = [4, 0];
  while (bytes.length - end >= RESULT_HEADER_BYTES && bytes.readUInt32LE(end) >= RESULT_HEADER_BYTES - 4) {
    const next = recordEnd(bytes, end);
    if (next + MARK_BYTES > bytes.length || bytes.readUInt32LE(next) !== batch) break;
    if (bytes[end + 14] !== PLACE) runs.push(bytes.subarray(end, next));
    end = next + MARK_BYTES;
    count++;
  }
  return { count, records: runs.length === 1 ? (runs[0] as Buffer) : Buffer.concat(runs), end };
}

function readOrEmpty(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    // The worker died before it opened its journal.
    return NOTHING;
  }
}
