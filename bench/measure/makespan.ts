/**
 * How long tasks of known lengths take together, beside the least that any schedule could need.
 */

export interface Makespan {
  readonly seconds: number;
  /** The longer of the longest task and all work shared evenly. */
  readonly idealSeconds: number;
  /** 1: nobody could be faster. */
  readonly overIdeal: number;
}

/** Calls `app` with each length, without waiting, and waits for all. */
export async function measureMakespan(
  lengthsMs: readonly number[],
  workers: number,
  app: (lengthMs: number) => PromiseLike<unknown>,
): Promise<Makespan> {
  const begin = performance.now();
  await Promise.all(lengthsMs.map((lengthMs) => app(lengthMs)));
  const seconds = (performance.now() - begin) / 1000;
  const idealSeconds = idealMs(lengthsMs, workers) / 1000;
  return { seconds: round(seconds), idealSeconds: round(idealSeconds), overIdeal: round(seconds / idealSeconds) };
}

function idealMs(lengthsMs: readonly number[], workers: number): number {
  const total = lengthsMs.reduce((sum, length) => sum + length, 0);
  return Math.max(total / workers, lengthsMs.reduce((longest, length) => Math.max(longest, length), 0));
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
