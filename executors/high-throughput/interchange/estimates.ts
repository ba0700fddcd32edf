/**
 * How long a task of each function keeps a worker busy, in µs, learnt from results.
 *
 * Rises fast and falls slowly: sending too few tasks ahead costs a round trip, sending too many leaves other workers idle.
 */
export type Estimates = Map<number, number>;

const RISE = 0.5;
const FALL = 0.25;

/** Takes in the mean of a run of results of one function. */
export function observeBusy(estimates: Estimates, fnId: number, meanUs: number): void {
  const known = estimates.get(fnId);
  estimates.set(fnId, known === undefined ? meanUs : known + (meanUs - known) * (meanUs > known ? RISE : FALL));
}
