/**
 * Looks at what tasks with a limit have in memory, and says which has more. One timer for all of them, which runs only while there are any.
 *
 * Memory that is taken and given back between two looks is not seen, and what a task takes until it is ended is more than its limit: the
 * nearer one is to its limit, or the faster it grows, the sooner is the next look.
 */
import type { MemoryExcess } from './slot.ts';

export interface WatchedTask {
  readonly limitBytes: number;
  /** At present. */
  usedBytes(): number;
  exceeded(excess: MemoryExcess): void;
}

const LONGEST_MS = 250;
const SHORTEST_MS = 10;
/** Looking takes a twentieth of the time, unless that would be too seldom. */
const REST = 20;

interface Watched {
  readonly task: WatchedTask;
  lastBytes: number;
}

export class MemoryWatch {
  /** By slot. */
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #lastLookMs = 0;

  /** Until {@link forget}, or until it has exceeded its limit. */
  watch(slot: number, task: WatchedTask): void {
    if (this.#watched.size === 0) this.#lastLookMs = performance.now();
    this.#watched.set(slot, { task, lastBytes: 0 });
    this.#lookIn(SHORTEST_MS);
  }

  forget(slot: number): void {
    this.#watched.delete(slot);
    if (this.#watched.size === 0) this.close();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    const startMs = performance.now();
    const sinceMs = Math.max(1, startMs - this.#lastLookMs);
    this.#lastLookMs = startMs;
    const pauses = [...this.#watched].map(([slot, watched]) => this.#lookAt(slot, watched, sinceMs));
    if (this.#watched.size === 0) return;
    const rest = REST * (performance.now() - startMs);
    this.#lookIn(Math.min(LONGEST_MS, Math.max(rest, Math.min(...pauses))));
  }

  /** @returns how long it may be left alone. */
  #lookAt(slot: number, watched: Watched, sinceMs: number): number {
    const { task, lastBytes } = watched;
    const usedBytes = task.usedBytes();
    watched.lastBytes = usedBytes;
    if (usedBytes <= task.limitBytes) return pauseBefore(task.limitBytes - usedBytes, (usedBytes - lastBytes) / sinceMs);
    this.#watched.delete(slot);
    task.exceeded({ limitBytes: task.limitBytes, usedBytes });
    return LONGEST_MS;
  }
}

/** Whoever does not grow may begin to: half a GB/s, as an interpreter fills lists. */
const PRESUMED_BYTES_PER_MS = 5e5;

/** Half the time in which the rest is used up at that speed. */
export function pauseBefore(restBytes: number, bytesPerMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, restBytes / Math.max(bytesPerMs, PRESUMED_BYTES_PER_MS) / 2));
}
