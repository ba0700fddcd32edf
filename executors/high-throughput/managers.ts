/**
 * What the driver knows of its managers: who they are and how many workers they have.
 */
export interface KnownManager {
  readonly managerId: string;
  readonly index: number;
  readonly host: string;
  readonly blockId: string;
  readonly slots: number;
  /** Until when it lets tasks run, ms since the epoch; Infinity: no end is known. */
  readonly endsMs: number;
}

export class KnownManagers {
  readonly #byIndex = new Map<number, KnownManager>();
  /** Names of workers, made once: results are many. */
  readonly #workerNames = new Map<number, string[]>();
  /** Indices of those that are given no tasks for a while. */
  readonly quarantined = new Set<number>();
  readonly #gone = new Map<number, KnownManager>();
  /** Why the latest one was refused, if none has come since. */
  refusal: string | undefined;

  add(manager: KnownManager): void {
    this.#byIndex.set(manager.index, manager);
    this.refusal = undefined;
  }

  remove(index: number): KnownManager | undefined {
    const manager = this.#byIndex.get(index);
    if (!manager) return undefined;
    this.#byIndex.delete(index);
    this.quarantined.delete(index);
    this.#gone.set(index, manager);
    return manager;
  }

  /** All that a dead interchange knew. */
  clear(): void {
    this.#byIndex.clear();
    this.#gone.clear();
    this.quarantined.clear();
    this.#workerNames.clear();
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

  hostOf(index: number): string {
    return (this.#byIndex.get(index) ?? this.#gone.get(index))?.host ?? '';
  }

  workerName(index: number, worker: number): string {
    const names = this.#workerNames.get(index) ?? [];
    if (names.length === 0) this.#workerNames.set(index, names);
    const manager = this.#byIndex.get(index) ?? this.#gone.get(index);
    names[worker] ??= manager ? `block ${manager.blockId}, ${manager.host}/${worker}` : '';
    return names[worker] as string;
  }
}
