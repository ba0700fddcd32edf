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
 * Between the two lengths around it, straight on a logarithmic scale.
 * @param points longest first.
 * @returns undefined if no length reaches it, or if all do.
 */
export function lengthAt(points: readonly Point[], efficiency: number): number | undefined {
  for (let i = 0; i + 1 < points.length; i++) {
    const [above, below] = [points[i] as Point, points[i + 1] as Point];
    if (above.efficiency < efficiency) return undefined;
    if (below.efficiency >= efficiency) continue;
    const share = (efficiency - below.efficiency) / (above.efficiency - below.efficiency);
    return below.lengthUs * (above.lengthUs / below.lengthUs) ** share;
  }
  return undefined;
}
