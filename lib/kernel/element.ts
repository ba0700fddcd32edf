/**
 * `future.get(key)`: a future of one element of another's value, found only when that is there.
 */
import { AppFuture, type TaskState, type TaskView, type TryRecord } from '../futures/app-future.ts';
import type { DataFuture } from '../futures/data-future.ts';
import type { Deferred } from '../futures/settleable.ts';

export class ElementView implements TaskView {
  readonly future: AppFuture<unknown>;
  readonly #of: TaskView & { readonly future: AppFuture<unknown> };
  readonly #key: string | number;

  constructor(of: TaskView & { readonly future: AppFuture<unknown> }, key: string | number) {
    this.#of = of;
    this.#key = key;
    this.future = new AppFuture(this);
    of.future.onSettled(() => this.#settle());
  }

  #settle(): void {
    const { future } = this.#of;
    if (future.isRejected) this.future.fail(future.settledValue);
    else if (future.isDeferred) this.future.fulfillLater(new DeferredElement(this, future.settledValue as Deferred<unknown>));
    else this.#pickNow(future.settledValue);
  }

  #pickNow(value: unknown): void {
    try {
      this.future.fulfill(this.pick(value));
    } catch (error) {
      this.future.fail(error);
    }
  }

  /** @throws TypeError or RangeError naming the key, the task and what there is instead. */
  pick(value: unknown): unknown {
    const { taskId, shownName } = this.#of;
    const from = `the value of task ${taskId} (${shownName})`;
    if (typeof value !== 'object' || value === null) {
      throw new TypeError(
        `get(${JSON.stringify(this.#key)}): ${from} is ${value === null || value === undefined ? value : `a ${typeof value}`}, it has no elements`,
      );
    }
    if (value instanceof Map && value.has(this.#key)) return value.get(this.#key);
    if (Object.hasOwn(value, this.#key)) return (value as Record<string | number, unknown>)[this.#key];
    const keys = value instanceof Map ? [...value.keys()] : Object.keys(value);
    const named = keys.length === 0 ? 'no keys' : `the keys ${keys.slice(0, 10).join(', ')}`;
    const has = Array.isArray(value) ? `${value.length} elements` : named;
    throw new RangeError(`get(${JSON.stringify(this.#key)}): ${from} has no such key; it has ${has}`);
  }

  get partOf(): AppFuture<unknown> {
    return this.#of.future;
  }
  get taskId(): number {
    return this.#of.taskId;
  }
  get appName(): string {
    return this.#of.appName;
  }
  get shownName(): string {
    return this.#of.shownName;
  }
  get state(): TaskState {
    return this.#of.state;
  }
  get tries(): readonly TryRecord[] {
    return this.#of.tries;
  }
  get stdout(): string | undefined {
    return this.#of.stdout;
  }
  get stderr(): string | undefined {
    return this.#of.stderr;
  }
  get outputs(): readonly DataFuture[] {
    return this.#of.outputs;
  }
  cancel(reason?: string): void {
    this.#of.cancel(reason);
  }
  element(key: string | number): AppFuture<unknown> {
    return new ElementView(this, key).future;
  }
}

class DeferredElement implements Deferred<unknown> {
  readonly #view: ElementView;
  readonly #whole: Deferred<unknown>;

  constructor(view: ElementView, whole: Deferred<unknown>) {
    this.#view = view;
    this.#whole = whole;
  }

  async fetch(): Promise<unknown> {
    return this.#view.pick(await this.#whole.fetch());
  }
}
