/**
 * Writes a run's checkpoint: when it says to, in whole records, and again later where the disk refuses.
 *
 * Written is what a kill −9 of the process cannot take back. Synced, at most a second later and whenever the checkpoint is closed, is
 * what a power cut cannot.
 */
import { AppendFile } from './append-file.ts';
import { frameRecord } from './records.ts';

/** Told where its record is. */
export interface PendingRecord {
  readonly body: Buffer;
  written(path: string, at: number, length: number): void;
}

export interface WriterOptions {
  readonly path: string;
  /** The first record. */
  readonly header: () => Buffer;
  /** The disk refuses; `pending` records are kept to be written later. Told once until it takes some again. */
  readonly onRefused: (error: Error, pending: number) => void;
}

const SYNC_EVERY_MS = 1000;
/** A disk that is full is not asked for every task. */
const ASK_AGAIN_MS = 5000;

export class CheckpointWriter {
  readonly path: string;
  readonly #options: WriterOptions;
  #file: AppendFile | undefined;
  #pending: PendingRecord[] = [];
  #refusedMs: number | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #isSynced = true;

  constructor(options: WriterOptions) {
    this.path = options.path;
    this.#options = options;
  }

  /** How many are not written. */
  get pending(): number {
    return this.#pending.length;
  }

  add(record: PendingRecord): void {
    this.#pending.push(record);
  }

  /** Writes what is pending, unless the disk has refused a moment ago. @returns whether everything is written. */
  flush({ insist = false } = {}): boolean {
    if (this.#pending.length === 0) return true;
    if (!insist && this.#refusedMs !== undefined && performance.now() - this.#refusedMs < ASK_AGAIN_MS) return false;
    try {
      this.#write();
      this.#refusedMs = undefined;
      this.#syncSoon();
      return true;
    } catch (error) {
      this.#refused(error as Error);
      return false;
    }
  }

  #write(): void {
    this.#file ??= this.#open();
    const file = this.#file;
    const records = this.#pending;
    const frames = records.map(({ body }) => frameRecord(body));
    let at = file.size;
    file.append(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
    this.#pending = [];
    this.#isSynced = false;
    for (const [i, record] of records.entries()) {
      const { length } = frames[i] as Buffer;
      record.written(this.path, at, length);
      at += length;
    }
  }

  #open(): AppendFile {
    const file = AppendFile.open(this.path);
    if (file.size === 0) {
      try {
        file.append(frameRecord(this.#options.header()));
      } catch (error) {
        file.close();
        throw error;
      }
    }
    return file;
  }

  /** What was written of a record is cut when the file is opened again. */
  #refused(error: Error): void {
    const isNew = this.#refusedMs === undefined;
    this.#refusedMs = performance.now();
    this.#file?.close();
    this.#file = undefined;
    if (isNew) this.#options.onRefused(error, this.#pending.length);
  }

  #syncSoon(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.sync().catch((error: unknown) => this.#refused(error as Error));
    }, SYNC_EVERY_MS).unref();
  }

  /** @throws Error of the file system. */
  async sync(): Promise<void> {
    const file = this.#file;
    if (this.#isSynced || !file) return;
    const { size } = file;
    try {
      await file.sync();
    } catch (error) {
      // Closed meanwhile, which has synced it.
      if (this.#file === file) throw error;
    }
    if (this.#file === file && file.size === size) this.#isSynced = true;
  }

  /** Writes and syncs what it can. @returns how many records could not be written. Idempotent, synchronous. */
  close(): number {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    this.flush({ insist: true });
    try {
      if (!this.#isSynced) this.#file?.syncNow();
    } catch (error) {
      this.#refused(error as Error);
    }
    this.#isSynced = true;
    this.#file?.close();
    this.#file = undefined;
    return this.#pending.length;
  }

  /** Ends without writing what is pending. */
  abandon(): void {
    this.#pending = [];
    this.close();
  }
}
