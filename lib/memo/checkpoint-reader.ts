/**
 * Reads checkpoint files: the results that can be taken from them, in bounded memory. Never writes: the run that made one may still
 * be at work.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { type CheckpointHeader, decodeHeader } from './checkpoint-format.ts';
import { type FoundRecord, MAX_RECORD_BYTES, scanRecords } from './records.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;

export interface CheckpointSource {
  /** Absolute. */
  readonly path: string;
  readonly header: CheckpointHeader;
}

export interface ReadResult {
  readonly source: CheckpointSource;
  /** Bytes behind the last whole record, and damaged places before it. */
  readonly tornBytes: number;
  readonly damaged: number;
}

/**
 * @param onResult called for each result with its body, a view that is valid during the call, and where the record is.
 * @throws Error saying why the file is no checkpoint.
 */
export async function readCheckpoint(
  path: string,
  onResult: (source: CheckpointSource, body: Buffer, at: number, length: number) => void,
): Promise<ReadResult> {
  let source: CheckpointSource | undefined;
  const take = ({ body, at, end }: FoundRecord, base: number): void => {
    if (source) onResult(source, body, base + at, end - at);
    else source = { path, header: decodeHeader(body) };
  };
  const handle = await open(path, 'r');
  try {
    const { size, end, damaged } = await scanFile(handle, take);
    if (!source) throw new Error('it has no whole record');
    // What is torn at the end is one of the damaged places.
    return { source, tornBytes: size - end, damaged: damaged - (size > end ? 1 : 0) };
  } finally {
    await handle.close();
  }
}

/** @returns where the last whole record ends. */
async function scanFile(
  handle: FileHandle,
  take: (record: FoundRecord, base: number) => void,
): Promise<{ size: number; end: number; damaged: number }> {
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
