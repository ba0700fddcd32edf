/**
 * Medians and percentiles. Pure.
 */

/** Nearest rank. @param share of the values that are at most the result: 0.5 is the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** To three significant digits: no bench here knows more. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
