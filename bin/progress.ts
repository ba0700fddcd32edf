/**
 * The progress line's text: counts, rate and estimated time. Pure; when and where it is shown is in progress-display.ts.
 */

import type { TaskCounts } from '../lib/kernel/counts.ts';

const WINDOW_MS = 30_000;

/** Tasks ended per second, over the last half minute. */
export class RateMeter {
  readonly #samples: { readonly atMs: number; readonly ended: number }[] = [];

  /** @returns undefined while there is too little to tell. */
  sample(atMs: number, ended: number): number | undefined {
    this.#samples.push({ atMs, ended });
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || atMs - first.atMs < 200 || ended === first.ended) return undefined;
    return ((ended - first.ended) * 1000) / (atMs - first.atMs);
  }
}

export function countEnded({ done, ignored, failed, cancelled }: TaskCounts): number {
  return done + ignored + failed + cancelled;
}

/** @example "12 of 40 done · 8 running · 4 queued · 16 waiting · 2.4/s · ETA 12s" */
export function formatProgress(counts: TaskCounts, rate: number | undefined): string {
  const left = counts.total - countEnded(counts);
  const parts = [
    `${counts.done} of ${counts.total} done`,
    counts.running > 0 && `${counts.running} running`,
    counts.queued > 0 && `${counts.queued} queued`,
    counts.waiting > 0 && `${counts.waiting} waiting`,
    counts.ignored > 0 && `${counts.ignored} ignored`,
    counts.failed > 0 && `${counts.failed} failed`,
    counts.cancelled > 0 && `${counts.cancelled} cancelled`,
    rate !== undefined && `${formatRate(rate)}/s`,
    rate !== undefined && left > 0 && `ETA ${formatSpan((left / rate) * 1000)}`,
  ];
  return parts.filter((part) => part !== false).join(' · ');
}

/** Cut to a terminal's width, so that the line never wraps and can be erased. */
export function fitLine(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

/** Two parts at most: '0.4s', '12s', '3m05s', '2h10m', '1d04h'. */
export function formatSpan(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return twoParts(seconds, 60, 'm', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return twoParts(minutes, 60, 'h', 'm');
  return twoParts(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoParts(value: number, per: number, large: string, small: string): string {
  return `${Math.floor(value / per)}${large}${String(value % per).padStart(2, '0')}${small}`;
}

function formatRate(rate: number): string {
  if (rate >= 1000) return Math.round(rate).toLocaleString('en-US');
  return rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2);
}
