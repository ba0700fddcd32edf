/**
 * Record queues by priority: larger first, first in first out within one.
 */
import { readTaskHeader, type TaskHeader } from '../../lib/wire/records.ts';
import { RecordQueue } from './record-queue.ts';

export interface Turn {
  readonly priority: number;
  readonly queue: RecordQueue;
}

export class PriorityQueue {
  readonly #queues = new Map<number, RecordQueue>();
  /** Of the queues, largest first. */
  #order: number[] = [];
  /** While it is so, it is nobody's turn. */
  isPaused = false;

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

  /** The queue whose turn it is; undefined if all are empty, or it is to be nobody's. */
  first(): Turn | undefined {
    return this.isPaused ? undefined : this.#next();
  }

  #next(): Turn | undefined {
    for (const priority of this.#order) {
      const queue = this.#queues.get(priority) as RecordQueue;
      if (queue.count > 0) return { priority, queue };
    }
    return undefined;
  }

  /** Takes out up to `limit` records, whoever is first. */
  take(limit: number): Buffer[] {
    const parts: Buffer[] = [];
    for (let next = this.#next(); next && limit > 0; next = this.#next()) {
      const taken = next.queue.takeWhile((_bytes, _at, count) => count < limit);
      parts.push(...taken.parts);
      limit -= taken.count;
    }
    return parts;
  }

  /** Takes these tries out, of here and of `wanted`. @param wanted task → number of its try. */
  takeTries(wanted: Map<number, number>): TaskHeader[] {
    const taken: TaskHeader[] = [];
    const isWanted = (bytes: Buffer, at: number): boolean => {
      const header = readTaskHeader(bytes, at);
      if (wanted.get(header.taskId) !== header.tryNumber) return false;
      wanted.delete(header.taskId);
      taken.push(header);
      return true;
    };
    for (const queue of this.#queues.values()) queue.remove(isWanted);
    return taken;
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
