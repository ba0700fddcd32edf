/**
 * A timer that looks again after a while, less and less often while there is nothing new. Runs only while there is something to watch.
 */
const FIRST_MS = 25;
const LONGEST_MS = 1000;

export type Look = 'nothing to watch' | 'nothing new' | 'something new';

export class OverdueWatch {
  readonly #look: () => Look;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => Look) {
    this.#look = look;
  }

  /** There is something to watch (again). */
  start(): void {
    this.#timer ??= this.#after(FIRST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const seen = this.#look();
      this.#timer =
        seen === 'nothing to watch' ? undefined : this.#after(seen === 'something new' ? FIRST_MS : Math.min(ms * 2, LONGEST_MS));
    }, ms);
  }
}
