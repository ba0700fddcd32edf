/**
 * Which length of task is needed for half of the workers' time to be work: METG(50 %) of Task Bench. Pure.
 */
export interface Point {
  /** Of one task, µs. */
  readonly lengthUs: number;
  /** What the work alone takes on all workers, beside the time it took. */
  readonly efficiency: number;
}

/**
 * Between the two lengths around it, straight on a logarithmic scale. A single length that is below among others that are above is noise.
 * @param points longest first, each half as long as the one before.
 * @returns undefined if no length reaches it, or if all do.
 */
export function lengthAt(points: readonly Point[], efficiency: number): number | undefined {
  const isBelow = (i: number): boolean => i < points.length && (points[i] as Point).efficiency < efficiency;
  for (let i = 0; i + 1 < points.length; i++) {
    const [above, below] = [points[i] as Point, points[i + 1] as Point];
    if (isBelow(i) || !isBelow(i + 1) || (i + 2 < points.length && !isBelow(i + 2))) continue;
    const share = (efficiency - below.efficiency) / (above.efficiency - below.efficiency);
    return below.lengthUs * (above.lengthUs / below.lengthUs) ** share;
  }
  return undefined;
}
