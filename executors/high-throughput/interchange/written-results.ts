/**
 * Which results the driver has, so that managers may forget them: those that its socket has taken, or, where it has to survive its own
 * death, those that it says it has kept.
 *
 * A batch is what one write to the driver completes: for each manager the last of its result frames in it.
 */
export type Batch = ReadonlyMap<string, number>;

export class WrittenResults {
  #open = new Map<string, number>();
  #lastMark = 0;
  /** Batches that the driver has still to confirm, by mark. */
  readonly #unconfirmed = new Map<number, Batch>();

  /** Part of what is written next. */
  add(manager: string, sequence: number): void {
    this.#open.set(manager, sequence);
  }

  /** What is written now; undefined: no results. */
  take(): Batch | undefined {
    if (this.#open.size === 0) return undefined;
    const batch = this.#open;
    this.#open = new Map();
    return batch;
  }

  /** @returns the mark by which the driver confirms it. */
  awaitConfirmation(batch: Batch): number {
    const mark = ++this.#lastMark;
    this.#unconfirmed.set(mark, batch);
    return mark;
  }

  /** Marks are confirmed in order; a later one speaks for those before it. */
  *confirmed(mark: number): Generator<Batch> {
    for (const [each, batch] of this.#unconfirmed) {
      if (each > mark) return;
      this.#unconfirmed.delete(each);
      yield batch;
    }
  }
}
