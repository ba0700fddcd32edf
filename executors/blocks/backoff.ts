/** How long to wait before a block is submitted after so many that went wrong, and which count as such. */
import type { Block } from './scaler-types.ts';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
const PROVEN_AFTER_MS = 10_000;

/** 0, 0.5 s, 1 s, 2 s, … one minute: a slip costs nothing, a scheduler that is down sees no storm. */
export function backoffMs(troubles: number): number {
  if (troubles <= 1) return 0;
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (troubles - 2));
}

/** Whether a block has served for long enough to show that blocks work; one that ends before went wrong, whatever its exit code. */
export function isProven({ firstManagerAt }: Block, at: number): boolean {
  return firstManagerAt !== undefined && at - firstManagerAt >= PROVEN_AFTER_MS;
}
