/**
 * The time of what happens at once. A clock is slow to read where memory is busy (a tenth of a microsecond, of the five that a task takes
 * in the driver): what follows from one cause, without the user's code in between, has one reading in common.
 */

let isHeld = false;
let reading = Number.NaN;

/** Milliseconds of performance.now(): those of the moment that is held, if one is. */
export function momentNow(): number {
  if (!isHeld) return performance.now();
  if (Number.isNaN(reading)) reading = performance.now();
  return reading;
}

/** From here on it is one moment, a new one, until it is let go: in the same turn, also if something throws. */
export function holdMoment(): void {
  isHeld = true;
  reading = Number.NaN;
}

/** Time goes on, also for whoever held a moment around this one. */
export function releaseMoment(): void {
  isHeld = false;
}
