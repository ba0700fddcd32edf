/**
 * Takes back tasks that wait in the batch of a worker which is busy for longer than was expected: for a slot that is idle, for another manager,
 * or, after a while, for whichever slot is free first. The pool queues and places them; this decides from whom and when.
 */
import { RecallWatch } from './recall-watch.ts';
import { isOpen, type Slot, takeBack } from './slot.ts';

/** A batch should be over by then: whoever waits in an older one is taken back where there is room. */
const LATE_MS = 4;
/** In one as old as this nobody waits, room or not: it would be for that one task only. */
const VERY_LATE_MS = 25;
/** How often those are looked for that another manager has room for. */
const WANTED_LOOKS = 8;

export interface RecallOptions {
  readonly slots: readonly Slot[];
  hasRoom(): boolean;
  /** In front of all that waits. */
  requeue(slot: Slot, records: Buffer): void;
  dispatch(): void;
  /** Hands back tasks that wait. @returns how many. */
  giveBack(count: number): number;
}

export class Recall {
  readonly #options: RecallOptions;
  readonly #watch = new RecallWatch(() => this.#look());
  #wanted = 0;
  #looksLeft = 0;

  constructor(options: RecallOptions) {
    this.#options = options;
  }

  /** Somebody has room for so many. */
  want(count: number): void {
    this.#wanted = count - this.#options.giveBack(count);
    this.#looksLeft = WANTED_LOOKS;
    if (this.#wanted > 0) this.watch();
  }

  /** A slot has nothing to do, or another manager. */
  watch(): void {
    if (this.#options.slots.some((slot) => isOpen(slot))) this.#watch.start();
  }

  /** @returns whether there is still something to look for. */
  #look(): boolean {
    const { slots, hasRoom, dispatch, giveBack } = this.#options;
    if (this.#looksLeft-- <= 0) this.#wanted = 0;
    if (this.#wanted === 0 && !hasRoom()) return false;
    if (this.#takeBack(LATE_MS)) {
      dispatch();
      this.#wanted -= giveBack(this.#wanted);
    }
    return slots.some((slot) => isOpen(slot));
  }

  /** Room or not. */
  lookForVeryLate(): void {
    const { slots, dispatch } = this.#options;
    // The only slot would be given the same again.
    if (slots.length > 1 && this.#takeBack(VERY_LATE_MS)) dispatch();
  }

  #takeBack(ageMs: number): boolean {
    let isAny = false;
    for (const slot of this.#options.slots) {
      const unstarted = isOpen(slot, ageMs) ? takeBack(slot) : undefined;
      if (!unstarted) continue;
      isAny = true;
      this.#options.requeue(slot, unstarted);
    }
    return isAny;
  }

  stop(): void {
    this.#watch.stop();
  }
}
