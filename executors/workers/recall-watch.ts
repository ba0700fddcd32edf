/**
 * Looks, every few milliseconds, whether tasks can be taken back for a slot that is idle. Runs only while there is one, and something to take.
 */
const PERIOD_MS = 2.5;
/** Whatever could be taken back was by then; what is left is waited for with more patience. */
const SOON = 20;
const LONGEST_MS = 1000;

export class RecallWatch {
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look whether there is still something to watch. */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  start(): void {
    this.#timer ??= this.#after(PERIOD_MS, 1);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #after(ms: number, looks: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (this.#look()) this.#timer ??= this.#after(looks < SOON ? PERIOD_MS : Math.min(ms * 2, LONGEST_MS), looks + 1);
    }, ms);
  }
}
