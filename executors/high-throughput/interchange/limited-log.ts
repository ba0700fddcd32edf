/** Keeps strangers from filling the log: of each message only so many in a stretch of time, then a count. */
import type { LogLevel } from './core-events.ts';

export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const STRETCH_MS = 10_000;
const PER_STRETCH = 5;

export function limitLog(log: Log, now: () => number): Log {
  const seen = new Map<string, { startMs: number; count: number }>();
  return (level, message, fields = {}) => {
    const at = now();
    let entry = seen.get(message);
    if (entry === undefined || at - entry.startMs > STRETCH_MS) {
      const suppressed = Math.max(0, (entry?.count ?? 0) - PER_STRETCH);
      if (suppressed > 0) fields = { ...fields, suppressed };
      entry = { startMs: at, count: 0 };
      seen.set(message, entry);
    }
    if (entry.count++ < PER_STRETCH) log(level, message, fields);
  };
}
