/**
 * The file of the event log while it is being written: batches at its end, one write at a time, none of them waited for by the run.
 *
 * Every batch has its place from the start, so that what a write was about to do can be done again when the process ends in the middle.
 * Knows nothing of what batches hold.
 */
import { closeSync, fstatSync, openSync, unlinkSync, writeSync, writev } from 'node:fs';
import type { EventBatch } from './batch-writer.ts';
import { encodeFileHeader, FLAGS_OFFSET } from './format.ts';

/** A disk that is this far behind costs events, not memory. */
const MAX_WAITING = 2000;
/** Waking the thread that writes costs as much as writing a batch. */
const AT_ONCE = 8;
const MOST_AT_ONCE = 256;

export class EventFile {
  readonly #fd: number;
  readonly #lost: (events: number, reason: string) => void;
  #end: number;
  #waiting: EventBatch[] = [];
  #writing: EventBatch[] = [];
  /** What is written already of the first of these, in bytes. */
  #from = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /**
   * Makes the file. @throws if it is there already, or cannot be made.
   * @param lost told of batches that were given up; called between events, never while one is being added.
   */
  constructor(path: string, lost: (events: number, reason: string) => void) {
    this.#lost = lost;
    // Whoever could write it could have `flotilla retry` run something else.
    this.#fd = openSync(path, 'wx', 0o644);
    const header = encodeFileHeader();
    try {
      writeSync(this.#fd, header, 0, header.length, 0);
    } catch (error) {
      // An empty file would be taken for the log of a run.
      closeSync(this.#fd);
      unlinkSync(path);
      throw error;
    }
    this.#end = header.length;
  }

  append(batch: EventBatch): void {
    if (this.#isClosed) return;
    this.#waiting.push(batch);
    if (this.#waiting.length >= AT_ONCE) this.flush();
  }

  /** What waits is written as soon as what is being written is. */
  flush(): void {
    if (this.#writing.length === 0) this.#next();
  }

  /** Flags of the header: a full disk takes them, since they need no room. */
  mark(flags: number): void {
    if (this.#isClosed) return;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(flags);
    try {
      writeSync(this.#fd, bytes, 0, bytes.length, FLAGS_OFFSET);
    } catch {
      // The file has gone altogether: nobody will read it either.
    }
  }

  /** Whether nobody will find it any more. */
  get isRemoved(): boolean {
    if (this.#isClosed) return false;
    try {
      return fstatSync(this.#fd).nlink === 0;
    } catch {
      return true; // As a network file system says it.
    }
  }

  /** @returns whether there was too much: then all that waited is given up. */
  dropIfBehind(): boolean {
    const isBehind = this.#waiting.length > MAX_WAITING;
    if (isBehind) this.#giveUp('the disk was too slow');
    return isBehind;
  }

  #next(): void {
    this.#writing = this.#waiting.splice(0, MOST_AT_ONCE);
    this.#from = 0;
    if (this.#writing.length > 0) this.#write();
    else this.#idle?.resolve();
  }

  #write(): void {
    const buffers = this.#writing.map(({ bytes }, i) => (i === 0 ? bytes.subarray(this.#from) : bytes));
    writev(this.#fd, buffers, this.#end + this.#from, (error, written) => {
      if (this.#isClosed) return;
      if (error) return this.#onError(error);
      this.#advance(written);
      if (this.#writing.length > 0) this.#write();
      else this.#next();
    });
  }

  #advance(written: number): void {
    this.#from += written;
    for (let first = this.#writing[0]; first && this.#from >= first.bytes.length; first = this.#writing[0]) {
      this.#end += first.bytes.length;
      this.#from -= first.bytes.length;
      this.#writing.shift();
    }
  }

  /** What was written of a batch stays behind the end, and the next one that can be written covers it. */
  #onError(error: Error): void {
    this.#waiting.unshift(...this.#writing);
    this.#writing = [];
    this.#giveUp(error.message);
    this.flush();
  }

  #giveUp(reason: string): void {
    const events = this.#waiting.reduce((sum, batch) => sum + batch.events, 0);
    this.#waiting = [];
    this.#lost(events, reason);
  }

  /** Done when everything is written, or given up; then it is closed. @param ending called before that. */
  async close(ending: () => void): Promise<void> {
    if (this.#isClosed) return;
    this.#idle ??= Promise.withResolvers();
    this.flush();
    await this.#idle.promise;
    ending();
    this.#close();
  }

  /** The process is about to end: writes what is left here and now, that which is being written once more. */
  closeNow(): void {
    if (this.#isClosed) return;
    const left = [...this.#writing, ...this.#waiting];
    try {
      for (const { bytes } of left) {
        for (let from = 0; from < bytes.length; ) from += writeSync(this.#fd, bytes, from, bytes.length - from, this.#end + from);
        this.#end += bytes.length;
      }
    } catch (error) {
      // No space is left, perhaps: readers cut what is not whole.
      this.#waiting = left;
      this.#giveUp((error as Error).message);
    }
    // Not closed: a write that is still under way must not find another file behind its number.
    this.#isClosed = true;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}
