/**
 * How the interchange itself fares: how long tasks that could be placed at once stay with it, how late its event loop is, what it takes.
 *
 * Only there when somebody asks for it, by naming a folder in FLOTILLA_INTERCHANGE_STATS; written when the interchange ends. Changes nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistogram, type Histogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';

/** How often lateness is sampled, ms. A sample is the time since the one before. */
const RESOLUTION_MS = 1;
const MICROSECONDS = 1000;

/** The file `interchange-<pid>.json`. */
export interface InterchangeReport {
  readonly tasks: number;
  readonly mostQueued: number;
  /** Tasks that came when none waited for a slot, and did not have to wait for one either. */
  readonly placedAtOnce: number;
  /** Of those: from the frame they came in being read to their message being handed to ZeroMQ. */
  readonly delayUs: Spread;
  /** By samples: how late each turn of the event loop is. */
  readonly loopLagMs: Spread;
  /** By time: how long something waits that comes at any moment. A turn of 100 ms is one sample above, and a hundred moments here. */
  readonly waitMs: Spread;
  /** Of that, what is its own: CPU time of the event loop's thread between two samples, by time. The rest is others' on the same machine. */
  readonly ownWaitMs: Spread;
  /** User and system, of all its threads, since it listens. */
  readonly cpuMs: number;
  readonly peakResidentBytes: number;
}

interface Arrival {
  readonly atMs: number;
  /** Not sent yet. */
  count: number;
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
  readonly #wait: RecordableHistogram = createHistogram();
  readonly #ownWait: RecordableHistogram = createHistogram();
  readonly #sampler: NodeJS.Timeout;
  #sampledMs = performance.now();
  #sampledCpuMs = threadCpuMs();
  #cpuBefore = process.cpuUsage();
  /** Of those that may be placed at once, in order. */
  #arrivals: Arrival[] = [];
  /** Tasks in the queue when it was last looked at. */
  #queued = 0;
  /** Tasks wait for a slot, and whatever comes waits behind them. */
  #isBehind = false;
  #mostQueued = 0;
  #tasks = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#lag.enable();
    this.#sampler = setInterval(() => this.#sample(), RESOLUTION_MS).unref();
  }

  /** It listens: what starting took is nobody's wait. */
  ready(): void {
    for (const histogram of [this.#lag, this.#wait, this.#ownWait]) histogram.reset();
    this.#sampledMs = performance.now();
    this.#sampledCpuMs = threadCpuMs();
    this.#cpuBefore = process.cpuUsage();
  }

  /** It says goodbye; from here on nobody waits for anything. */
  leaving(): void {
    this.#lag.disable();
    clearInterval(this.#sampler);
  }

  #sample(): void {
    const [now, cpuMs] = [performance.now(), threadCpuMs()];
    recordByTime(this.#wait, now - this.#sampledMs - RESOLUTION_MS);
    recordByTime(this.#ownWait, cpuMs - this.#sampledCpuMs);
    this.#sampledMs = now;
    this.#sampledCpuMs = cpuMs;
  }

  /** @param queued tasks in the queue, with those that have come. */
  arrived(queued: number, atMs: number): void {
    const count = queued - this.#queued;
    this.#queued = queued;
    this.#mostQueued = Math.max(this.#mostQueued, queued);
    this.#tasks += count;
    if (!this.#isBehind) this.#arrivals.push({ atMs, count });
  }

  /** @param isMoreToPlace there is room for others of them, which the next turn serves. */
  turnEnded(queued: number, atMs: number, isMoreToPlace: boolean): void {
    let placed = this.#queued - queued;
    this.#queued = queued;
    while (placed > 0 && this.#arrivals.length > 0) {
      const first = this.#arrivals[0] as Arrival;
      const count = Math.min(placed, first.count);
      const delayUs = Math.max(1, Math.round((atMs - first.atMs) * MICROSECONDS));
      for (let i = 0; i < count; i++) this.#delay.record(delayUs);
      first.count -= count;
      placed -= count;
      if (first.count === 0) this.#arrivals.shift();
    }
    this.#isBehind = queued > 0 && !isMoreToPlace;
    // Those that are left wait for a slot.
    if (this.#isBehind) this.#arrivals = [];
  }

  write(): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, `interchange-${process.pid}.json`), JSON.stringify(this.#report()));
  }

  #report(): InterchangeReport {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    return {
      tasks: this.#tasks,
      mostQueued: this.#mostQueued,
      placedAtOnce: this.#delay.count,
      delayUs: spreadOf(this.#delay, (us) => us),
      loopLagMs: spreadOf(this.#lag, (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS)),
      waitMs: spreadOf(this.#wait, (us) => us / MICROSECONDS),
      ownWaitMs: spreadOf(this.#ownWait, (us) => us / MICROSECONDS),
      cpuMs: (user + system) / 1000,
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    };
  }
}

/** Whoever comes at its beginning waits for all of it, whoever comes at its end for nothing. */
function recordByTime(histogram: RecordableHistogram, durationMs: number): void {
  let leftMs = durationMs;
  do histogram.record(Math.max(1, Math.round(leftMs * MICROSECONDS)));
  while ((leftMs -= RESOLUTION_MS) > 0);
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / MICROSECONDS;
}

const spreadOf = (histogram: Histogram, convert: (value: number) => number): Spread => ({
  p50: convert(histogram.percentile(50)),
  p99: convert(histogram.percentile(99)),
  max: convert(histogram.max),
});
