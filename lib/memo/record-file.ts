/**
 * Reads files of records, in bounded memory. Never writes: whoever makes one may still be at work.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type FoundRecord, MAX_RECORD_BYTES, scanRecords } from './records.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;

export interface RecordFileFacts {
  readonly size: number;
  /** Where the last whole record ends. */
  readonly end: number;
  /** Places where a record should have begun and none did; what is torn at the end is one of them. */
  readonly damaged: number;
}

/** @param take called for each record with a view that is valid during the call, and what to add to its place. @throws Error of the file system. */
export async function readRecords(path: string, take: (record: FoundRecord, base: number) => void): Promise<RecordFileFacts> {
  const handle = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES + MAX_RECORD_BYTES);
    let [base, kept, end, damaged] = [0, 0, 0, 0];
    for (;;) {
      const { bytesRead } = await handle.read(chunk, kept, CHUNK_BYTES, base + kept);
      const bytes = chunk.subarray(0, kept + bytesRead);
      const scan = scanRecords(bytes, bytesRead === 0);
      for (const record of scan.records) take(record, base);
      const last = scan.records.at(-1);
      if (last) end = base + last.end;
      damaged += scan.damaged;
      if (bytesRead === 0) return { size: base + bytes.length, end, damaged };
      bytes.copy(chunk, 0, scan.next);
      kept = bytes.length - scan.next;
      base += scan.next;
    }
  } finally {
    await handle.close();
  }
}

const FIRST_BYTES = 64 * 1024;

/** The body of a short one that a file begins with. @throws Error if it does not. */
export function readFirstRecord(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(FIRST_BYTES);
    const [first] = scanRecords(bytes.subarray(0, readSync(fd, bytes, 0, FIRST_BYTES, 0)), true).records;
    if (first?.at !== 0) throw new Error('it does not begin with a whole record');
    return first.body;
  } finally {
    closeSync(fd);
  }
}

/** One record's body. @throws Error if it is not there any more. */
export function readRecordAt(path: string, at: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    const read = readSync(fd, bytes, 0, length, at);
    const [record] = scanRecords(bytes.subarray(0, read), true).records;
    if (record?.at !== 0) throw new Error(`there is no whole record at byte ${at} of ${path}`);
    return record.body;
  } finally {
    closeSync(fd);
  }
}
