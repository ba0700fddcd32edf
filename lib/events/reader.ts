/**
 * Reads an event log, while it is written or afterwards. What is not whole at its end (the driver was killed, the disk was full, a batch
 * is on its way) is left out.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { EventLogError } from '../errors/event-log-error.ts';
import { EventDecoder } from './decoder.ts';
import type { Logged } from './events.ts';
import {
  BATCH_HEADER_BYTES,
  BATCH_UNCOUNTED_BYTES,
  FILE_HEADER_BYTES,
  FLAGS_OFFSET,
  FORMAT_VERSION,
  HeaderFlag,
  MAGIC,
  MAX_BATCH_BYTES,
  OLDEST_VERSION,
} from './format.ts';

const CHUNK_BYTES = 1 << 20;

/** What a log tells of itself, beside its events. */
export interface LogCondition {
  /** Bytes behind the last batch that could be read. */
  readonly unreadBytes: number;
  /** Whether what follows there is no batch that is merely cut short, but one whose bytes are wrong. */
  readonly isDamaged: boolean;
  /** Whether its writer had to give up events. */
  readonly hasLost: boolean;
  /** Whether it had, and the run has closed all the same: the event of that may be missing. */
  readonly hasClosed: boolean;
}

export interface ReadOptions {
  /** Told at the end. */
  readonly condition?: (condition: LogCondition) => void;
  /** Told at the end how many bytes there are behind the last whole batch. */
  readonly torn?: (bytes: number) => void;
}

/**
 * A batch at a time, since there may be millions of events.
 * @throws EventLogError naming the file if it cannot be read, is no event log, or is one of another version.
 * @example
 * for await (const batch of readEvents(join(runDir, EVENT_LOG))) for (const { atMs, event } of batch) console.log(atMs, event.kind);
 */
export async function* readEvents(path: string, { torn, condition }: ReadOptions = {}): AsyncGenerator<readonly Logged[], void, undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new EventLogError(path, `cannot be read: ${(cause as Error).message}`);
  });
  try {
    const flags = await checkHeader(file, path);
    const decoder = new EventDecoder();
    let wholeTo = FILE_HEADER_BYTES;
    let isDamaged = false;
    for await (const batch of wholeBatches(file, () => (isDamaged = true))) {
      wholeTo += batch.length;
      yield decoder.decode(batch);
    }
    const unreadBytes = (await file.stat()).size - wholeTo;
    torn?.(unreadBytes);
    condition?.({ unreadBytes, isDamaged, hasLost: (flags & HeaderFlag.Lost) !== 0, hasClosed: (flags & HeaderFlag.Closed) !== 0 });
  } finally {
    await file.close();
  }
}

async function checkHeader(file: FileHandle, path: string): Promise<number> {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  await file.read(header, 0, header.length, 0);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new EventLogError(path, 'is no event log');
  const version = header.readUInt32LE(MAGIC.length);
  if (version < OLDEST_VERSION || version > FORMAT_VERSION) {
    throw new EventLogError(
      path,
      `has version ${version} of the format, and this flotilla reads versions ${OLDEST_VERSION} to ${FORMAT_VERSION}; use the one that wrote it`,
    );
  }
  return header.readUInt32LE(FLAGS_OFFSET);
}

/** From the first batch up to the end, or to one that is not whole. */
async function* wholeBatches(file: FileHandle, damaged: () => void): AsyncGenerator<Buffer, void, undefined> {
  let left: Buffer = Buffer.alloc(0);
  for (let at = FILE_HEADER_BYTES; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    left = Buffer.concat([left, chunk.subarray(0, bytesRead)]);
    while (left.length >= BATCH_HEADER_BYTES) {
      const length = left.readUInt32LE(0);
      if (length > MAX_BATCH_BYTES || length < BATCH_HEADER_BYTES - BATCH_UNCOUNTED_BYTES) return damaged();
      const end = BATCH_UNCOUNTED_BYTES + length;
      if (end > left.length) break;
      const batch = left.subarray(0, end);
      if (crc32(batch.subarray(BATCH_UNCOUNTED_BYTES)) !== batch.readUInt32LE(4)) return damaged();
      yield batch;
      left = left.subarray(end);
    }
  }
}
