/**
 * Whether something grows over time: pure, robust against single moments. What a process takes rises while it warms up, and what its
 * allocator has once taken it keeps: so only what comes after that counts, and for the memory of the system later than for the heap.
 */

/** Seconds, and how much it was then. */
export type Point = readonly [atSeconds: number, value: number];

export interface Course {
  /** Medians of the first, the middle and the last fifth. */
  readonly early: number;
  readonly middle: number;
  readonly late: number;
  readonly most: number;
  /** By how much it has become more, as its slope says; less, if it is negative. */
  readonly rise: number;
  /** Over how long that was looked at. */
  readonly seconds: number;
}

export interface Allowance {
  /** What may be more in the end and is no growth yet. */
  readonly rise: number;
  /** The same as a share of what there was. */
  readonly share: number;
}

/** Fewer points tell nothing. */
const ENOUGH = 10;

/** @param points in the order of time. @returns undefined where there are too few. */
export function courseOf(points: readonly Point[]): Course | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (points.length < ENOUGH || first === undefined || last === undefined) return undefined;
  const fifth = Math.floor(points.length / 5);
  const [from, seconds] = [Math.floor((points.length - fifth) / 2), last[0] - first[0]];
  return {
    early: medianOf(points.slice(0, fifth)),
    middle: medianOf(points.slice(from, from + fifth)),
    late: medianOf(points.slice(-fifth)),
    most: points.reduce((most, [, value]) => Math.max(most, value), 0),
    rise: slopeOf(points) * seconds,
    seconds,
  };
}

/** Both its slope and its end say so: a single step up, or a valley at the beginning, is none. */
export function grows({ early, late, rise }: Course, allowed: Allowance): boolean {
  const limit = allowed.rise + allowed.share * early;
  return rise > limit && late - early > limit;
}

/** The median of the slopes between all pairs of points (Theil and Sen). */
function slopeOf(points: readonly Point[]): number {
  const slopes: number[] = [];
  points.forEach(([x, y], i) => {
    for (const [otherX, otherY] of points.slice(i + 1)) if (otherX > x) slopes.push((otherY - y) / (otherX - x));
  });
  return median(slopes);
}

const medianOf = (points: readonly Point[]): number => median(points.map(([, value]) => value));

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
