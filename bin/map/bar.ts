/**
 * `--bar`: the progress line with a bar before it. Pure.
 */
import type { TaskCounts } from '../../lib/kernel/counts.ts';
import { countEnded, formatProgress } from '../progress.ts';

const WIDTH = 20;

/** @example "[#####---------------] 25% 10 of 40 done · 2 running" */
export function formatBar(counts: TaskCounts, rate: number | undefined): string {
  const share = counts.total === 0 ? 1 : countEnded(counts) / counts.total;
  const filled = Math.floor(share * WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${Math.floor(share * 100)}% ${formatProgress(counts, rate)}`;
}

/** Counts of all jobs, also of those that nobody has asked for yet. */
export class JobCounts {
  readonly #total: number;
  #underWay = 0;
  #done = 0;
  #failed = 0;
  #cancelled = 0;

  constructor(total: number) {
    this.#total = total;
  }

  started(): void {
    this.#underWay++;
  }

  ended(how: 'done' | 'failed' | 'cancelled'): void {
    this.#underWay--;
    if (how === 'done') this.#done++;
    else if (how === 'failed') this.#failed++;
    else this.#cancelled++;
  }

  /** @param running on workers, as the kernel knows. */
  snapshot(running: number): TaskCounts {
    const onWorkers = Math.min(running, this.#underWay);
    const ended = this.#done + this.#failed + this.#cancelled;
    return {
      total: this.#total,
      waiting: this.#total - ended - this.#underWay,
      queued: this.#underWay - onWorkers,
      running: onWorkers,
      done: this.#done,
      failed: this.#failed,
      cancelled: this.#cancelled,
      ignored: 0,
      memoized: 0,
    };
  }
}
