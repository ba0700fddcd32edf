/**
 * Record queues by priority: larger first, first in first out within one.
 */
import { RecordQueue } from './record-queue.ts';

export class PriorityQueue {
  readonly #queues = new Map<number, RecordQueue>();
  /** Of the queues, largest first. */
  #order: number[] = [];

  get count(): number {
    let count = 0;
    for (const queue of this.#queues.values()) count += queue.count;
    return count;
  }

  /** @throws RangeError if `records` is not whole task records. */
  push(priority: number, records: Buffer): void {
    this.#queue(priority).push(records);
  }

  unshift(priority: number, records: Buffer): void {
    this.#queue(priority).unshift(records);
  }

  /** The queue whose turn it is; undefined if all are empty. */
  first(): { readonly priority: number; readonly queue: RecordQueue } | undefined {
    for (const priority of this.#order) {
      const queue = this.#queues.get(priority) as RecordQueue;
      if (queue.count > 0) return { priority, queue };
    }
    return undefined;
  }

  /** Takes out up to `limit` records, whoever is first. */
  take(limit: number): Buffer[] {
    const parts: Buffer[] = [];
    for (let next = this.first(); next && limit > 0; next = this.first()) {
      const taken = next.queue.takeWhile((_bytes, _at, count) => count < limit);
      parts.push(...taken.parts);
      limit -= taken.count;
    }
    return parts;
  }

  remove(matches: (bytes: Buffer, at: number) => boolean): void {
    for (const queue of this.#queues.values()) queue.remove(matches);
  }

  forEach(visit: (bytes: Buffer, at: number) => void): void {
    for (const priority of this.#order) this.#queues.get(priority)?.forEach(visit);
  }

  #queue(priority: number): RecordQueue {
    const known = this.#queues.get(priority);
    if (known) return known;
    const queue = new RecordQueue();
    this.#queues.set(priority, queue);
    this.#order = [...this.#queues.keys()].sort((a, b) => b - a);
    return queue;
  }
}
