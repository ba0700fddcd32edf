/**
 * Shares of a CPU or a GPU as whole numbers, so that what is given out and comes back adds up exactly.
 */

/** A whole one. */
export const WHOLE = 10_000;

/** Rounded down, but for the last binary digit: seven times 1/7 fit into one. */
export const toUnits = (share: number): number => Math.floor(share * WHOLE + 1e-6);

export const toShare = (units: number): number => units / WHOLE;
