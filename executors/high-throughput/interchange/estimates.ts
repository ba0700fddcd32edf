/**
 * How long a task of each function keeps a worker busy, in µs, learnt from results.
 *
 * Rises fast and falls slowly: sending too few tasks ahead costs a round trip, sending too many leaves other workers idle. One run of
 * results that took far longer is an exception and hardly counts: what was sent ahead behind it is taken back. Two are a change.
 */
export class Estimates extends Map<number, number> {
  /** Functions whose latest results took far longer. */
  readonly surprised = new Set<number>();
}

const RISE = 0.5;
const FALL = 0.25;
/** Times the estimate: beyond is far longer. */
const FAR = 2;

/** Takes in the mean of a run of results of one function. */
export function observeBusy(estimates: Estimates, fnId: number, meanUs: number): void {
  const known = estimates.get(fnId);
  if (known === undefined) return void estimates.set(fnId, meanUs);
  const believed = believe(estimates, fnId, known, meanUs);
  estimates.set(fnId, known + (believed - known) * (believed > known ? RISE : FALL));
}

function believe({ surprised }: Estimates, fnId: number, known: number, meanUs: number): number {
  if (meanUs <= known * FAR) {
    if (surprised.size > 0) surprised.delete(fnId);
    return meanUs;
  }
  if (surprised.has(fnId)) return meanUs;
  surprised.add(fnId);
  return known * FAR;
}
