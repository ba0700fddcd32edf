/**
 * Records in an append-only file: `u32 magic, u32 length, u32 CRC-32 of the body, body`, little-endian. Reading finds every whole
 * record, whatever is torn or damaged between or behind them. Pure.
 */
import { crc32 } from 'node:zlib';

const MAGIC = Buffer.from('FLr1', 'latin1');
const HEADER_BYTES = 12;
/** Nothing longer is written: large values have files of their own. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

export function frameRecord(body: Buffer): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  MAGIC.copy(record);
  record.writeUInt32LE(body.length, 4);
  record.writeUInt32LE(crc32(body), 8);
  body.copy(record, HEADER_BYTES);
  return record;
}

export interface FoundRecord {
  /** Where the record begins in the bytes that were scanned. */
  readonly at: number;
  readonly end: number;
  /** A view of them. */
  readonly body: Buffer;
}

export interface Scan {
  readonly records: readonly FoundRecord[];
  /** Scanning goes on from here when there are more bytes; behind the last of them, what is left there is torn. */
  readonly next: number;
  /** Places where a record should have begun and none did. */
  readonly damaged: number;
}

/** @param isEnd whether nothing follows these bytes: then a record that is not whole is passed over. */
export function scanRecords(bytes: Buffer, isEnd: boolean): Scan {
  const records: FoundRecord[] = [];
  let [at, damaged, isLost] = [0, 0, false];
  while (at < bytes.length) {
    const found = recordAt(bytes, at);
    if (found === 'cut' && !isEnd) break;
    if (typeof found === 'object') {
      records.push(found);
      at = found.end;
      isLost = false;
      continue;
    }
    if (!isLost) damaged++;
    isLost = true;
    at = nextMagic(bytes, at + 1, isEnd);
  }
  return { records, next: at, damaged };
}

function recordAt(bytes: Buffer, at: number): FoundRecord | 'cut' | 'wrong' {
  const left = bytes.length - at;
  const seen = Math.min(left, MAGIC.length);
  if (bytes.compare(MAGIC, 0, seen, at, at + seen) !== 0) return 'wrong';
  if (left < HEADER_BYTES) return 'cut';
  const length = bytes.readUInt32LE(at + 4);
  if (length > MAX_RECORD_BYTES) return 'wrong';
  const end = at + HEADER_BYTES + length;
  if (end > bytes.length) return 'cut';
  const body = bytes.subarray(at + HEADER_BYTES, end);
  return crc32(body) === bytes.readUInt32LE(at + 8) ? { at, end, body } : 'wrong';
}

/** Where a magic begins, also one of which only the beginning is here. */
function nextMagic(bytes: Buffer, from: number, isEnd: boolean): number {
  const found = bytes.indexOf(MAGIC, from);
  if (found >= 0) return found;
  if (isEnd) return bytes.length;
  return Math.max(from, bytes.length - MAGIC.length + 1);
}
