/**
 * A value that will be there: PromiseLike, but its promise is made only when someone waits.
 *
 * A failed one that nobody waits for crashes nothing; it remembers that nobody looked. Knows nothing of tasks.
 */
import { compileResultOptions, limitWait, type ResultOptions } from './result-options.ts';

/** Bits: there may be a million futures, and each field of each is eight bytes. */
const FULFILLED = 1;
const REJECTED = 2;
const SETTLED = FULFILLED | REJECTED;
const DEFERRED = 4;
const OBSERVED = 8;

/** Work that is put off until the value is wanted: a result that lies in a store. */
export interface Deferred<T> {
  fetch(): Promise<T>;
}

/** Who waits. Not typed by the value, which would make an AppFuture<number> no AppFuture<unknown>. */
interface Waiting {
  promise: PromiseWithResolvers<unknown> | undefined;
  listeners: (() => void)[] | undefined;
}

export class Settleable<T> implements PromiseLike<T> {
  #flags = 0;
  #value: unknown;
  #waiting: Waiting | undefined;

  /** Whether it has a value or an error. */
  get done(): boolean {
    return (this.#flags & SETTLED) !== 0;
  }

  /** @internal */
  get isFulfilled(): boolean {
    return (this.#flags & FULFILLED) !== 0;
  }

  /** @internal */
  get isRejected(): boolean {
    return (this.#flags & REJECTED) !== 0;
  }

  /** @internal The value if it is here, else its Deferred, else the error. */
  get settledValue(): unknown {
    return this.#value;
  }

  /** @internal */
  get isDeferred(): boolean {
    return (this.#flags & DEFERRED) !== 0;
  }

  /** Whose outcome this one's comes from: whoever looks at this has looked at that. */
  protected get partOf(): Settleable<unknown> | undefined {
    return undefined;
  }

  /** @internal What its outcome comes from, in the end: itself, or the future that it is a part of. */
  get whole(): Settleable<unknown> {
    return this.partOf?.whole ?? this;
  }

  /** @internal Whether somebody has asked for the outcome: an error that is not observed is listed when the kernel closes. */
  get isObserved(): boolean {
    return (this.#flags & OBSERVED) !== 0;
  }

  /** @internal */
  markObserved(): void {
    this.#flags |= OBSERVED;
    this.partOf?.markObserved();
  }

  /** @internal */
  fulfill(value: T): void {
    this.settle(FULFILLED, value);
  }

  /** @internal */
  fulfillLater(deferred: Deferred<T>): void {
    this.settle(FULFILLED | DEFERRED, deferred);
  }

  /** @internal */
  fail(error: unknown): void {
    this.settle(REJECTED, error);
  }

  // Not #private from here on: an object whose class has private methods is eight bytes larger.

  private settle(flags: number, value: unknown): void {
    if (this.done) return;
    this.#flags |= flags;
    this.#value = value;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const { listeners } = waiting;
    waiting.listeners = undefined;
    if (listeners) for (const listener of listeners) listener();
    // Last: a microtask that a listener asks for comes before whoever awaits the value goes on.
    if (waiting.promise) this.deliver(waiting.promise);
  }

  private deliver({ promise, resolve, reject }: PromiseWithResolvers<unknown>): void {
    if (!this.isRejected && !this.isDeferred) return resolve(this.#value);
    // Whoever awaits several futures in turn looks at this one later: its error is not unhandled meanwhile.
    promise.catch(() => undefined);
    if (this.isRejected) reject(this.#value);
    else resolve((this.#value as Deferred<T>).fetch());
  }

  /** @internal Synchronous, once, in the turn in which it settles (at once if it has). Does not count as looking. */
  onSettled(listener: () => void): void {
    if (this.done) return listener();
    this.#waiting ??= { promise: undefined, listeners: undefined };
    this.#waiting.listeners ??= [];
    this.#waiting.listeners.push(listener);
  }

  private wait(): Promise<T> {
    this.markObserved();
    this.#waiting ??= { promise: undefined, listeners: undefined };
    let { promise } = this.#waiting;
    if (promise === undefined) {
      promise = this.#waiting.promise = Promise.withResolvers<unknown>();
      if (this.done) this.deliver(promise);
    }
    // The cast: it is fulfilled with what `fulfill` was given.
    return promise.promise as Promise<T>;
  }

  // biome-ignore lint/suspicious/noThenProperty: being PromiseLike is the point
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.wait().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.wait().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.wait().finally(onFinally);
  }

  /**
   * Waits for the value.
   * @throws the task's error; ResultTimeoutError when `timeout` passes first (the task goes on); the signal's reason when it aborts.
   */
  result(options: ResultOptions = {}): Promise<T> {
    return this.limited(this.wait(), options);
  }

  /**
   * The error; undefined if there is a value.
   * @throws ResultTimeoutError when `timeout` passes first; the signal's reason when it aborts.
   */
  exception(options: ResultOptions = {}): Promise<unknown> {
    const error = this.wait().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return this.limited(error, options);
  }

  private limited<V>(settled: Promise<V>, options: ResultOptions): Promise<V> {
    const limit = compileResultOptions(options);
    if (!limit) return settled;
    const limited = limitWait(settled, limit, this.describe());
    // Whoever awaits several in turn looks at this one later.
    limited.catch(() => undefined);
    return limited;
  }

  /** @internal */
  protected describe(): string {
    return 'a future';
  }
}
