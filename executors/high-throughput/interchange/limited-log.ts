/** Keeps strangers, and managers gone wild, from filling logs: of each kind only so much in a stretch of time, then a count. */
import type { LogLevel } from './core-events.ts';

export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const STRETCH_MS = 10_000;
const LINES_PER_STRETCH = 5;
/** Kinds that are remembered before those of stretches that are over are forgotten. */
const MANY_KINDS = 1024;

interface Stretch {
  readonly startMs: number;
  count: number;
}

/** So many of a kind in each stretch of time. */
export class Limit {
  readonly #perStretch: number;
  readonly #now: () => number;
  readonly #seen = new Map<string, Stretch>();

  constructor(perStretch: number, now: () => number) {
    this.#perStretch = perStretch;
    this.#now = now;
  }

  /** @returns how many were held back in the stretch before, if this is the first of another; undefined: this one is held back. */
  take(kind: string): number | undefined {
    const startMs = this.#now();
    const known = this.#seen.get(kind);
    if (known !== undefined && startMs - known.startMs <= STRETCH_MS) return known.count++ < this.#perStretch ? 0 : undefined;
    if (known === undefined && this.#seen.size >= MANY_KINDS) this.#forgetOld(startMs);
    this.#seen.set(kind, { startMs, count: 1 });
    return Math.max(0, (known?.count ?? 0) - this.#perStretch);
  }

  #forgetOld(now: number): void {
    for (const [kind, { startMs }] of this.#seen) if (now - startMs > STRETCH_MS) this.#seen.delete(kind);
  }
}

/** Messages are of one kind up to their first colon: what is behind it a stranger may have chosen. */
export function limitLog(log: Log, now: () => number): Log {
  const limit = new Limit(LINES_PER_STRETCH, now);
  return (level, message, fields = {}) => {
    const suppressed = limit.take(message.split(':', 1)[0] as string);
    if (suppressed !== undefined) log(level, message, suppressed > 0 ? { ...fields, suppressed } : fields);
  };
}
