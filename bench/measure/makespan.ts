/**
 * How long tasks of known lengths take together, beside the least that any schedule could need.
 */
import { WORKERS } from './two-workers.ts';

export interface Makespan {
  readonly seconds: number;
  /** The longer of the longest task and all work shared evenly. */
  readonly idealSeconds: number;
  /** 1: nobody could be faster. */
  readonly timesIdeal: number;
  /** The same by what the tasks say that they took: a machine that is busy with other things wakes sleepers late. */
  readonly timesIdealAsMeasured: number;
}

/** Calls `app` with each length, without waiting, and waits for all. @param app resolves to what the task took, ms. */
export async function measureMakespan(lengthsMs: readonly number[], app: (lengthMs: number) => PromiseLike<number>): Promise<Makespan> {
  const begin = performance.now();
  const tookMs = await Promise.all(lengthsMs.map((lengthMs) => app(lengthMs)));
  const seconds = (performance.now() - begin) / 1000;
  const idealSeconds = leastSeconds(lengthsMs);
  return {
    seconds: round(seconds),
    idealSeconds: round(idealSeconds),
    timesIdeal: round(seconds / idealSeconds),
    timesIdealAsMeasured: round(seconds / leastSeconds(tookMs)),
  };
}

function leastSeconds(lengthsMs: readonly number[]): number {
  const total = lengthsMs.reduce((sum, length) => sum + length, 0);
  return lengthsMs.reduce((longest, length) => Math.max(longest, length), total / WORKERS) / 1000;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
