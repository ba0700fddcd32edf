/**
 * Stops submissions that fail again and again. Pure: time comes in.
 *
 *   closed ──`limit` failures in a row──▶ open ──the pause is over──▶ half open ──success──▶ closed
 *                                           ▲                             │
 *                                           └──failure: twice the pause───┘
 */
import { backoffMs } from './clock.ts';

const LIMIT = 5;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

export class Breaker {
  readonly #limit: number;
  #failures = 0;
  #openUntil = Number.NEGATIVE_INFINITY;
  #reason = '';

  /** @param limit failures in a row that open it. */
  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = Number.NEGATIVE_INFINITY;
  }

  failed(at: number, reason: string): void {
    this.#failures++;
    this.#reason = reason;
    const beyond = this.#failures - this.#limit + 1;
    if (beyond > 0) this.#openUntil = at + backoffMs(beyond, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  }

  /** Why nothing is submitted now; undefined: go ahead. */
  explain(at: number): string | undefined {
    if (at >= this.#openUntil) return undefined;
    const until = new Date(this.#openUntil).toISOString();
    return `submissions are stopped until ${until}, after ${this.#failures} in a row failed; the last: ${this.#reason}`;
  }
}
