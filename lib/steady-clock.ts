/**
 * Time for whatever waits or measures: a wall clock is set, forward and back, by people and by daemons.
 */

/** Milliseconds since the epoch as of the start of this process, and on from there without a jump. What other machines and files say is on another clock. */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
