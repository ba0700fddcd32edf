/**
 * The worker's side of taking back: where its batch ends before its end, because others are to do the rest. It may be spinning when
 * that is decided, so it is not asked: it looks, before it goes on, whenever something took so long that somebody may have decided.
 * Why this is sound, with batch-recall.ts on the other side: docs/decisions/003-batches-and-the-journal.md.
 */
import { openSync, readSync } from 'node:fs';

/** Half of what the other side waits: whoever takes back has waited longer than a worker that does not look. */
export const LOOK_AFTER_MS = 1;

export interface LimitWord {
  readonly batch: number;
  /** How many of its tasks may start. */
  readonly limit: number;
}

export class BatchLimit {
  readonly #read: () => LimitWord;
  #batch = 0;
  #limit = Number.POSITIVE_INFINITY;
  #lastMs = 0;
  #lastButOneMs = 0;

  constructor(read: () => LimitWord) {
    this.#read = read;
  }

  /** @param beforeMs when it was before the journal said that the batch had begun. */
  begin(batch: number, beforeMs: number): void {
    this.#batch = batch;
    this.#limit = Number.POSITIVE_INFINITY;
    this.#lastMs = beforeMs;
    this.#lastButOneMs = beforeMs;
    this.#look();
  }

  /**
   * Whether the batch ends after its first `done` tasks.
   * @param afterMs when it was after the journal had the record of the last of them. So that standing still is seen wherever it happened,
   * it is compared with the time before the record of the one before was written, which is the time after the one before that.
   */
  endsAfter(done: number, afterMs: number): boolean {
    if (afterMs - this.#lastButOneMs >= LOOK_AFTER_MS) this.#look();
    this.#lastButOneMs = this.#lastMs;
    this.#lastMs = afterMs;
    return done >= this.#limit;
  }

  #look(): void {
    const { batch, limit } = this.#read();
    if (batch === this.#batch) this.#limit = limit;
  }
}

/** @returns what reads the limit word at `path`: u32 batch, u32 limit. Its supervisor made it before the worker started. */
export function limitReader(path: string): () => LimitWord {
  const fd = openSync(path, 'r');
  const word = Buffer.alloc(8);
  return () => {
    readSync(fd, word, 0, 8, 0);
    return { batch: word.readUInt32LE(0), limit: word.readUInt32LE(4) };
  };
}
