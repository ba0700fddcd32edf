/**
 * How long a call of each function takes: a moving average that rises at once and falls slowly, since a batch that
 * is too long holds others up and one that is too short costs only a message.
 */
const FALL = 0.25;
/** The shortest a task is taken to be: what handling one costs. */
const FLOOR_US = 2;

export class Estimates {
  readonly #us = new Map<number, number>();

  /** µs; undefined while no call has ended. */
  of(fnId: number): number | undefined {
    return this.#us.get(fnId);
  }

  record(fnId: number, us: number): void {
    const seen = Math.max(us, FLOOR_US);
    const known = this.#us.get(fnId);
    if (known === undefined) this.#us.set(fnId, seen);
    else if (seen !== known) this.#us.set(fnId, seen > known ? known + (seen - known) * 0.5 : known + (seen - known) * FALL);
  }
}
