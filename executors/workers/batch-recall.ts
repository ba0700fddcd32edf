/**
 * The supervisor's side of taking back: which tasks of a worker's batch have not been started and never will be, though the worker is not
 * asked, since it may be spinning. Why this is sound, with batch-limit.ts on the other side: docs/decisions/003-batches-and-the-journal.md.
 */
import { LOOK_AFTER_MS } from './batch-limit.ts';

/** For how long the journal must have stood still: then the worker looks at the limit before it starts another task. */
export const STANDING_MS = 2 * LOOK_AFTER_MS;

export interface BatchFiles {
  /** How many tasks of the batch have ended, by the worker's journal; undefined: it has not begun the batch. */
  finished(batch: number): number | undefined;
  /** The worker starts no more than `limit` tasks of the batch, once it has looked. */
  writeLimit(batch: number, limit: number): void;
}

export class BatchRecall {
  readonly #files: BatchFiles;
  readonly #now: () => number;
  #batch = 0;
  #finished: number | undefined;
  #sinceMs = 0;
  #isOver = true;

  /** @param now ms of a clock that counts as the worker's does. */
  constructor(files: BatchFiles, now: () => number) {
    this.#files = files;
    this.#now = now;
  }

  /** The worker gets another batch: it has said that the one before is over. */
  begin(batch: number): void {
    this.#batch = batch;
    this.#finished = undefined;
    this.#isOver = false;
  }

  /**
   * @returns how many tasks of the batch, from its beginning, are the worker's: no other was started or will be. undefined: that is not known
   * (yet); the worker may now end its batch early, and says so then.
   */
  takeBack(): number | undefined {
    if (this.#isOver) return undefined;
    const finished = this.#files.finished(this.#batch);
    // A worker that has not begun looks at the limit when it does.
    const willLook = finished === undefined || this.#hasStood(finished);
    const kept = (finished ?? 0) + 1;
    this.#files.writeLimit(this.#batch, kept);
    if (!willLook || this.#files.finished(this.#batch) !== finished) return undefined;
    // The promise stands until the worker has ended the batch: another limit could reach it before it has seen this one.
    this.#isOver = true;
    return kept;
  }

  #hasStood(finished: number): boolean {
    const now = this.#now();
    if (finished !== this.#finished) {
      this.#finished = finished;
      this.#sinceMs = now;
    }
    return now - this.#sinceMs >= STANDING_MS;
  }
}
