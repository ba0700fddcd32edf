/**
 * A file of records that is open for appending. What an interrupted write has left at its end is cut when it is opened, so that it
 * always ends with a whole record.
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { MAX_RECORD_BYTES, scanRecords } from './records.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;

export class AppendFile {
  readonly path: string;
  /** Bytes. */
  size: number;
  readonly #fd: number;

  private constructor(path: string, fd: number, size: number) {
    this.path = path;
    this.#fd = fd;
    this.size = size;
  }

  /** @throws Error of the file system. */
  static open(path: string): AppendFile {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openSync(path, 'a+', 0o600);
    try {
      const { size } = fstatSync(fd);
      const end = size === 0 ? 0 : endOfRecords(fd);
      if (end < size) ftruncateSync(fd, end);
      if (size === 0) syncFolder(dirname(path));
      return new AppendFile(path, fd, end);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** All of it. @throws Error of the file system; then the file may end in a part of it, and must be opened again. */
  append(bytes: Buffer): void {
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    this.size += bytes.length;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())));
  }

  syncNow(): void {
    fdatasyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function endOfRecords(fd: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES + MAX_RECORD_BYTES);
  let [base, kept, end] = [0, 0, 0];
  for (;;) {
    const read = readSync(fd, chunk, kept, CHUNK_BYTES, base + kept);
    const bytes = chunk.subarray(0, kept + read);
    const scan = scanRecords(bytes, read === 0);
    end = scan.records.length === 0 ? end : base + (scan.records.at(-1)?.end ?? 0);
    if (read === 0) return end;
    bytes.copy(chunk, 0, scan.next);
    kept = bytes.length - scan.next;
    base += scan.next;
  }
}

/** So that the name survives a power cut too. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
