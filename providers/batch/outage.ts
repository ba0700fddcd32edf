/**
 * A scheduler that does not answer: since when, why, and when to ask again. Owns what is said of it, once per outage.
 */
import type { ProviderContext } from '../../lib/provider.ts';
import { backoffMs, type Clock } from './clock.ts';
import type { CutOff } from './desk.ts';
import type { Unreachable } from './scheduler.ts';

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

export class Outage {
  readonly #scheduler: string;
  readonly #clock: Clock;
  readonly #log: ProviderContext['log'];
  #failures = 0;
  #since = 0;
  #askAgainAt = Number.NEGATIVE_INFINITY;
  #reason = '';

  constructor(scheduler: string, clock: Clock, log: ProviderContext['log']) {
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#log = log;
  }

  /** What came of asking. */
  note(answer: Unreachable | CutOff | { readonly kind: 'answered' | 'found' | 'cancelled' | 'refused' }): void {
    if (answer.kind === 'unreachable' || answer.kind === 'cutOff') this.#failed(answer.reason);
    else this.#answered();
  }

  /** Whether it was asked in vain so lately that it is left alone for now. */
  get isResting(): boolean {
    return this.#clock.now() < this.#askAgainAt;
  }

  /** How long to leave it alone, ms. */
  get restMs(): number {
    return Math.max(0, this.#askAgainAt - this.#clock.now());
  }

  explain(): string | undefined {
    if (this.#failures === 0) return undefined;
    return `${this.#scheduler} has not answered since ${new Date(this.#since).toISOString()}: ${this.#reason}`;
  }

  #failed(reason: string): void {
    const now = this.#clock.now();
    if (this.#failures++ === 0) {
      this.#since = now;
      this.#log('warn', `${this.#scheduler} does not answer; jobs are taken to be as they were, and it is asked again: ${reason}`);
    }
    this.#reason = reason;
    this.#askAgainAt = now + backoffMs(this.#failures, FIRST_MS, LONGEST_MS);
  }

  #answered(): void {
    if (this.#failures > 0) {
      const seconds = Math.round((this.#clock.now() - this.#since) / 1000);
      this.#log('info', `${this.#scheduler} answers again, after ${seconds} s`);
    }
    this.#failures = 0;
    this.#askAgainAt = Number.NEGATIVE_INFINITY;
  }
}
