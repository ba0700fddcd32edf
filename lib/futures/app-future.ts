/**
 * What an app call returns at once. A view of its task: state, tries, files; the value is Settleable's part.
 */
import { inspect } from 'node:util';
import { Settleable } from './settleable.ts';
import type { DataFuture } from './data-future.ts';

export type TaskState = 'pending' | 'launched' | 'joining' | 'done' | 'ignored' | 'failed' | 'dependencyFailed' | 'cancelled';

/** One attempt at a task. */
export interface TryRecord {
  /** From 1. */
  readonly number: number;
  readonly executor: string;
  /** Unknown ('') for a try that no worker reported on. */
  readonly host: string;
  readonly worker: string;
  /** On the worker's clock; undefined if it never started. */
  readonly start: Date | undefined;
  readonly end: Date | undefined;
  readonly outcome: 'running' | 'done' | 'failed' | 'lost' | 'walltime' | 'expired' | 'cancelled';
  /** Why it failed. */
  readonly error?: unknown;
}

/** @internal What a future asks its task. */
export interface TaskView {
  readonly taskId: number;
  readonly appName: string;
  /** The app's name, and the call's label if it has one. */
  readonly shownName: string;
  readonly state: TaskState;
  readonly tries: readonly TryRecord[];
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
  readonly outputs: readonly DataFuture[];
  /** Of one element of a value: the future of the value. */
  readonly partOf?: Settleable<unknown>;
  cancel(reason?: string): void;
  /** A future of one element of the value. */
  element(key: string | number): AppFuture<unknown>;
}

/** What `get(key)` finds in a value of type T. */
export type ElementOf<T, K> =
  T extends ReadonlyMap<unknown, infer V>
    ? V
    : K extends keyof T
      ? T[K]
      : K extends number
        ? T extends readonly (infer V)[]
          ? V
          : unknown
        : unknown;

export class AppFuture<T> extends Settleable<T> {
  readonly #task: TaskView;

  /** @internal */
  constructor(task: TaskView) {
    super();
    this.#task = task;
  }

  protected override get partOf(): Settleable<unknown> | undefined {
    return this.#task.partOf;
  }

  get taskId(): number {
    return this.#task.taskId;
  }

  get appName(): string {
    return this.#task.appName;
  }

  get state(): TaskState {
    return this.#task.state;
  }

  /** Every attempt so far, oldest first. */
  get tries(): readonly TryRecord[] {
    return this.#task.tries;
  }

  /** Path of the file that takes the task's stdout; undefined if it has none. */
  get stdout(): string | undefined {
    return this.#task.stdout;
  }

  get stderr(): string | undefined {
    return this.#task.stderr;
  }

  /** A future for each declared output, in the order of the `outputs` option. */
  get outputs(): readonly DataFuture[] {
    return this.#task.outputs;
  }

  /**
   * A future of one element of the value, without waiting for it here.
   * A key that the value does not have rejects that future only.
   */
  get<const K extends string | number>(key: K): AppFuture<ElementOf<Awaited<T>, K>> {
    // The cast: what the task finds under `key` is what the type says is there.
    return this.#task.element(key) as AppFuture<ElementOf<Awaited<T>, K>>;
  }

  /**
   * Ends the task in whatever state it is: a waiting one never starts; a running one gets its process group terminated.
   * Dependents fail with DependencyError. Does nothing once it is done.
   */
  cancel(reason?: string): void {
    this.#task.cancel(reason);
  }

  protected override describe(): string {
    return `task ${this.taskId} (${this.#task.shownName})`;
  }

  [inspect.custom](): string {
    return `AppFuture { task ${this.taskId} (${this.#task.shownName}), ${this.state} }`;
  }
}

const BRAND = Symbol.for('flotilla.future');
Object.defineProperty(Settleable.prototype, BRAND, { value: true });

/** Recognises futures of ours also when two copies of the package are loaded. */
export const isFuture = (value: unknown): value is Settleable<unknown> => typeof value === 'object' && value !== null && BRAND in value;
