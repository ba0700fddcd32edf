/**
 * The tries that an executor was given and that have not ended, by their task, and in the order in which they came.
 */
import type { TryRequest } from '../../lib/executor.ts';
import { IdMap } from '../../lib/id-map.ts';

/** So much of the order may be of the past, beyond as many as there are. */
const SLACK = 1024;

/** For those who ask. */
export type RequestsView = Pick<Requests, 'size' | 'get' | 'values'>;

export class Requests {
  #byTask = new IdMap<TryRequest>();
  /** Task ids as they came, those too that have ended, or come again, since. */
  #order: number[] = [];

  get size(): number {
    return this.#byTask.size;
  }

  get(taskId: number): TryRequest | undefined {
    return this.#byTask.get(taskId);
  }

  /** In the place of an earlier try of its task. */
  add(request: TryRequest): void {
    this.#byTask.set(request.taskId, request);
    this.#order.push(request.taskId);
    if (this.#order.length > 2 * this.#byTask.size + SLACK) this.#order = this.#idsInOrder();
  }

  delete(taskId: number): void {
    this.#byTask.delete(taskId);
  }

  clear(): void {
    this.#byTask = new IdMap();
    this.#order = [];
  }

  /** The oldest first; looks at all of them. */
  values(): TryRequest[] {
    return this.#idsInOrder().map((taskId) => this.#byTask.get(taskId) as TryRequest);
  }

  #idsInOrder(): number[] {
    const ids = this.#order.filter((taskId) => this.#byTask.has(taskId));
    // Some have come again: what counts is when they did.
    return ids.length === this.#byTask.size ? ids : [...new Set(ids.reverse())].reverse();
  }
}
