/**
 * How often a scheduler is asked, by all blocks together: a few commands at once, and then so many per second.
 */
import { type Clock, systemClock } from './clock.ts';

export interface TokenBucketOptions {
  /** Commands that may be sent at once. */
  readonly capacity: number;
  /** After so long there is room for one more. */
  readonly refillMs: number;
  readonly clock: Clock;
}

export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledAt: number;
  #line: Promise<void> = Promise.resolve();

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.capacity;
    this.#filledAt = options.clock.now();
  }

  /** Resolves when it is this caller's turn, first come, first served. */
  take(): Promise<void> {
    const turn = this.#line.then(() => this.#wait());
    this.#line = turn;
    return turn;
  }

  async #wait(): Promise<void> {
    const { clock, refillMs } = this.#options;
    this.#fill();
    while (this.#tokens < 1) {
      await clock.sleep(Math.max(1, this.#filledAt + refillMs - clock.now()));
      this.#fill();
    }
    this.#tokens--;
  }

  /** In whole tokens. A clock that was set back costs one refill. */
  #fill(): void {
    const { capacity, clock, refillMs } = this.#options;
    const passedMs = clock.now() - this.#filledAt;
    if (passedMs < 0) this.#filledAt = clock.now();
    const gained = Math.max(0, Math.floor(passedMs / refillMs));
    this.#tokens = Math.min(capacity, this.#tokens + gained);
    this.#filledAt = this.#tokens === capacity ? clock.now() : this.#filledAt + gained * refillMs;
  }
}

const shared = new Map<string, TokenBucket>();

/** The same one for all providers of this process that speak to the same scheduler: ten commands at once, then two a second. */
export function sharedBucket(scheduler: string): TokenBucket {
  const bucket = shared.get(scheduler) ?? new TokenBucket({ capacity: 10, refillMs: 500, clock: systemClock });
  shared.set(scheduler, bucket);
  return bucket;
}
