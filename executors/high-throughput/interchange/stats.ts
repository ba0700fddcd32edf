/**
 * How the interchange itself fares: how long tasks that could be placed at once stay with it, how late its event loop is, what it takes.
 *
 * Only there when somebody asks for it, by naming a folder in FLOTILLA_INTERCHANGE_STATS; written when the interchange ends. Changes nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';

/** How often lateness is sampled, ms. A sample is the time since the one before. */
const RESOLUTION_MS = 1;

/** The file `interchange-<pid>.json`. */
export interface InterchangeReport {
  readonly tasks: number;
  readonly mostQueued: number;
  /** Tasks that came when nothing waited, and were sent in the same turn. */
  readonly placedAtOnce: number;
  /** Of those: from the frame they came in being read to their message being handed to ZeroMQ. */
  readonly delayUs: Spread;
  readonly loopLagMs: Spread;
  /** User and system. */
  readonly cpuMs: number;
  readonly peakResidentBytes: number;
}

interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class InterchangeStats {
  readonly #folder: string;
  readonly #lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #delay: RecordableHistogram = createHistogram();
  /** Of this turn, in order. */
  #arrivals: { readonly atMs: number; readonly count: number }[] = [];
  /** Tasks in the queue when it was last looked at. */
  #queued = 0;
  /** The same when the last turn ended. */
  #left = 0;
  #mostQueued = 0;
  #tasks = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#lag.enable();
  }

  /** @param queued tasks in the queue, with those that have come. */
  arrived(queued: number, atMs: number): void {
    const count = queued - this.#queued;
    this.#queued = queued;
    this.#mostQueued = Math.max(this.#mostQueued, queued);
    this.#tasks += count;
    // Behind others they could not be placed at once.
    if (this.#left === 0) this.#arrivals.push({ atMs, count });
  }

  /** Everything that could be placed has been sent. */
  turnEnded(queued: number, atMs: number): void {
    let placed = Math.max(0, this.#arrivals.reduce((sum, { count }) => sum + count, 0) - queued);
    for (const { atMs: cameMs, count } of this.#arrivals) {
      const delayUs = Math.max(1, Math.round((atMs - cameMs) * 1000));
      for (let i = Math.min(placed, count); i > 0; i--) this.#delay.record(delayUs);
      placed -= Math.min(placed, count);
    }
    if (this.#arrivals.length > 0) this.#arrivals = [];
    this.#queued = queued;
    this.#left = queued;
  }

  write(): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, `interchange-${process.pid}.json`), JSON.stringify(this.#report()));
  }

  #report(): InterchangeReport {
    const { user, system } = process.cpuUsage();
    const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    return {
      tasks: this.#tasks,
      mostQueued: this.#mostQueued,
      placedAtOnce: this.#delay.count,
      delayUs: { p50: this.#delay.percentile(50), p99: this.#delay.percentile(99), max: this.#delay.max },
      loopLagMs: { p50: late(this.#lag.percentile(50)), p99: late(this.#lag.percentile(99)), max: late(this.#lag.max) },
      cpuMs: (user + system) / 1000,
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    };
  }
}
