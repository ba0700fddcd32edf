/**
 * What the driver knows of its managers: who they are and how many workers they have.
 */
import { forgetOldest } from '../../lib/forget-oldest.ts';

export interface KnownManager {
  readonly managerId: string;
  readonly index: number;
  readonly host: string;
  readonly blockId: string;
  readonly slots: number;
  /** Until when it lets tasks run, by the driver's steady clock; Infinity: no end is known. */
  readonly endsMs: number;
}

/** @param now by the steady clock. */
export const toKnown = (manager: Omit<KnownManager, 'endsMs'> & { readonly timeLeftMs: number | undefined }, now: number): KnownManager => {
  const { managerId, index, host, blockId, slots, timeLeftMs = Number.POSITIVE_INFINITY } = manager;
  return { managerId, index, host, blockId, slots, endsMs: now + timeLeftMs };
};

/** What a manager that has gone told before is heard within moments of its end. */
const MOST_GONE = 1000;

export class KnownManagers {
  readonly #byIndex = new Map<number, KnownManager>();
  /** The same: what is told of workers names managers so, and there may be thousands of both. */
  readonly #byId = new Map<string, KnownManager>();
  /** Names of workers, made once: results are many. */
  readonly #workerNames = new Map<number, string[]>();
  /** Indices of those that are given no tasks for a while. */
  readonly quarantined = new Set<number>();
  readonly #gone = new Map<number, KnownManager>();
  /** Why the latest one was refused, if none has come since. */
  refusal: string | undefined;

  add(manager: KnownManager): void {
    this.#byIndex.set(manager.index, manager);
    this.#byId.set(manager.managerId, manager);
    this.refusal = undefined;
  }

  remove(index: number): KnownManager | undefined {
    const manager = this.#byIndex.get(index);
    if (!manager) return undefined;
    this.#byIndex.delete(index);
    this.quarantined.delete(index);
    // One that was lost may have registered again, under another index.
    if (this.#byId.get(manager.managerId) === manager) this.#byId.delete(manager.managerId);
    this.#gone.set(index, manager);
    for (const oldest of forgetOldest(this.#gone, MOST_GONE)) this.#workerNames.delete(oldest);
    return manager;
  }

  /** All that a dead interchange knew. */
  clear(): void {
    this.#byIndex.clear();
    this.#byId.clear();
    this.#gone.clear();
    this.quarantined.clear();
    this.#workerNames.clear();
  }

  byId(managerId: string): KnownManager | undefined {
    return this.#byId.get(managerId);
  }

  get count(): number {
    return this.#byIndex.size;
  }

  get workers(): number {
    let workers = 0;
    for (const { slots } of this.#byIndex.values()) workers += slots;
    return workers;
  }

  /** The most time that any of them has for a task; -Infinity: there are none. */
  longestLeftMs(now: number): number {
    return Math.max(...this.all.map(({ endsMs }) => endsMs - now));
  }

  get all(): KnownManager[] {
    return [...this.#byIndex.values()];
  }

  at(index: number): KnownManager | undefined {
    return this.#byIndex.get(index) ?? this.#gone.get(index);
  }

  hostOf(index: number): string {
    return this.at(index)?.host ?? '';
  }

  workerName(index: number, worker: number): string {
    const names = this.#workerNames.get(index) ?? [];
    const known = names[worker];
    if (known !== undefined) return known;
    const manager = this.at(index);
    if (!manager) return '';
    const name = `block ${manager.blockId}, ${manager.host}/${worker}`;
    // Tasks with resources have numbers beyond the slots; these are not remembered, since they could be any.
    if (worker >= manager.slots) return name;
    if (names.length === 0) this.#workerNames.set(index, names);
    names[worker] = name;
    return name;
  }
}
