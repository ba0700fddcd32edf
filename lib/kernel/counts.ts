/**
 * How many tasks are in which state.
 */
import type { TaskState } from '../futures/app-future.ts';

export interface TaskCounts {
  readonly total: number;
  /** For other tasks; joins that wait for what they called. */
  readonly waiting: number;
  /** At an executor, behind others. */
  readonly queued: number;
  /** On a worker, as far as is known here: never more than there are workers. */
  readonly running: number;
  readonly done: number;
  /** Failed, and `onFailure` says that dependents go on. */
  readonly ignored: number;
  /** Of those that are done: with a result that there was already. */
  readonly memoized: number;
  /** Dependents of failed tasks among them. */
  readonly failed: number;
  readonly cancelled: number;
}

export class Counts {
  #total = 0;
  #launched = 0;
  #done = 0;
  #ignored = 0;
  #memoized = 0;
  #failed = 0;
  #cancelled = 0;

  called(): void {
    this.#total++;
  }

  launched(): void {
    this.#launched++;
  }

  /** Larger whenever a task was called, launched or has ended; an end takes a launch away. */
  get progress(): number {
    return this.#total + this.#launched + 2 * (this.#done + this.#ignored + this.#failed + this.#cancelled);
  }

  get atExecutors(): number {
    return this.#launched;
  }

  ended(from: TaskState, to: TaskState): void {
    if (from === 'launched') this.#launched--;
    if (to === 'done') this.#done++;
    else if (to === 'ignored') this.#ignored++;
    else if (to === 'cancelled') this.#cancelled++;
    else this.#failed++;
  }

  memoized(): void {
    this.#memoized++;
  }

  /** Every task that was called is done. */
  get areAllDone(): boolean {
    return this.#done === this.#total;
  }

  /** @param busyWorkers of all executors. */
  snapshot(busyWorkers: number): TaskCounts {
    const launched = this.#launched;
    const running = Math.min(launched, busyWorkers);
    const [done, ignored, failed, cancelled] = [this.#done, this.#ignored, this.#failed, this.#cancelled];
    const waiting = this.#total - launched - done - ignored - failed - cancelled;
    return { total: this.#total, waiting, queued: launched - running, running, done, memoized: this.#memoized, ignored, failed, cancelled };
  }
}
