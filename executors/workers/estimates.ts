/**
 * How long a call of each function takes: a moving average that rises at once and falls slowly, since a batch that
 * is too long holds others up and one that is too short costs only a message.
 *
 * One call that takes far longer than the others is an exception, and hardly counts: who waits behind it is taken back (recall.ts),
 * and the others are as short as they were. Two in a row are a change.
 */
const FALL = 0.25;
const RISE = 0.5;
/** The shortest a task is taken to be: what handling one costs. */
const FLOOR_US = 2;
/** Times the estimate: beyond is far longer. */
const FAR = 2;

interface Estimate {
  us: number;
  /** The latest was far longer. */
  isSurprised: boolean;
}

export class Estimates {
  readonly #known = new Map<number, Estimate>();

  /** µs; undefined while no call has ended. */
  of(fnId: number): number | undefined {
    return this.#known.get(fnId)?.us;
  }

  record(fnId: number, us: number): void {
    const seen = Math.max(us, FLOOR_US);
    const known = this.#known.get(fnId);
    if (known === undefined) this.#known.set(fnId, { us: seen, isSurprised: false });
    else takeIn(known, seen);
  }
}

function takeIn(known: Estimate, seen: number): void {
  const isFar = seen > known.us * FAR;
  const believed = isFar && !known.isSurprised ? known.us * FAR : seen;
  known.isSurprised = isFar;
  known.us += (believed - known.us) * (believed > known.us ? RISE : FALL);
}
