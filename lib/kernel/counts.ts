/**
 * How many tasks are in which state.
 */
import type { TaskState } from '../futures/app-future.ts';

export interface TaskCounts {
  readonly total: number;
  /** For other tasks. */
  readonly waiting: number;
  /** At an executor, queued or running; joins that are under way. */
  readonly launched: number;
  readonly done: number;
  /** Dependents of failed tasks among them. */
  readonly failed: number;
  readonly cancelled: number;
}

export class Counts {
  #total = 0;
  #launched = 0;
  #done = 0;
  #failed = 0;
  #cancelled = 0;

  called(): void {
    this.#total++;
  }

  launched(): void {
    this.#launched++;
  }

  ended(from: TaskState, to: TaskState): void {
    if (from !== 'pending') this.#launched--;
    if (to === 'done') this.#done++;
    else if (to === 'cancelled') this.#cancelled++;
    else this.#failed++;
  }

  snapshot(): TaskCounts {
    const launched = this.#launched;
    const done = this.#done;
    const failed = this.#failed;
    const cancelled = this.#cancelled;
    return { total: this.#total, launched, done, failed, cancelled, waiting: this.#total - launched - done - failed - cancelled };
  }
}
