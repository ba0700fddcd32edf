/**
 * A value that will be there: PromiseLike, but its promise is made only when someone waits.
 *
 * A failed one that nobody waits for crashes nothing; it remembers that nobody looked. Knows nothing of tasks.
 */
import { compileResultOptions, limitWait, type ResultOptions } from './result-options.ts';

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** Work that is put off until the value is wanted: a result that lies in a store. */
export interface Deferred<T> {
  fetch(): Promise<T>;
}

export class Settleable<T> implements PromiseLike<T> {
  #status: 0 | 1 | 2 = PENDING;
  #value: unknown;
  #deferred = false;
  #observed = false;
  #promise: Promise<T> | undefined;
  /** Not typed by T, which would make an AppFuture<number> no AppFuture<unknown>. */
  #resolve: ((value: never) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #listeners: (() => void)[] | undefined;
  readonly #partOf: Settleable<unknown> | undefined;

  /** @param partOf whose outcome this one's comes from: whoever looks at this has looked at that. */
  constructor(partOf?: Settleable<unknown>) {
    this.#partOf = partOf;
  }

  /** Whether it has a value or an error. */
  get done(): boolean {
    return this.#status !== PENDING;
  }

  /** @internal */
  get isFulfilled(): boolean {
    return this.#status === FULFILLED;
  }

  /** @internal */
  get isRejected(): boolean {
    return this.#status === REJECTED;
  }

  /** @internal The value if it is here, else its Deferred, else the error. */
  get settledValue(): unknown {
    return this.#value;
  }

  /** @internal */
  get isDeferred(): boolean {
    return this.#deferred;
  }

  /** @internal What its outcome comes from, in the end: itself, or the future that it is a part of. */
  get whole(): Settleable<unknown> {
    return this.#partOf?.whole ?? this;
  }

  /** @internal Whether somebody has asked for the outcome: an error that is not observed is listed when the kernel closes. */
  get isObserved(): boolean {
    return this.#observed;
  }

  /** @internal */
  markObserved(): void {
    this.#observed = true;
    this.#partOf?.markObserved();
  }

  /** @internal */
  fulfill(value: T): void {
    this.#settle(FULFILLED, value, false);
  }

  /** @internal */
  fulfillLater(deferred: Deferred<T>): void {
    this.#settle(FULFILLED, deferred, true);
  }

  /** @internal */
  fail(error: unknown): void {
    this.#settle(REJECTED, error, false);
  }

  #settle(status: 1 | 2, value: unknown, deferred: boolean): void {
    if (this.#status !== PENDING) return;
    this.#status = status;
    this.#value = value;
    this.#deferred = deferred;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener();
    // Last: a microtask that a listener asks for comes before whoever awaits the value goes on.
    this.#deliver();
  }

  #deliver(): void {
    if (!this.#resolve || !this.#reject) return;
    if (this.#status === REJECTED) this.#reject(this.#value);
    else this.#resolve((this.#deferred ? (this.#value as Deferred<T>).fetch() : this.#value) as never);
    this.#resolve = undefined;
    this.#reject = undefined;
  }

  /** @internal Synchronous, once, in the turn in which it settles (at once if it has). Does not count as looking. */
  onSettled(listener: () => void): void {
    if (this.#status !== PENDING) listener();
    else if (this.#listeners) this.#listeners.push(listener);
    else this.#listeners = [listener];
  }

  #wait(): Promise<T> {
    this.markObserved();
    if (this.#promise) return this.#promise;
    this.#promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever awaits several futures in turn looks at this one later: its error is not unhandled meanwhile.
    this.#promise.catch(() => undefined);
    if (this.#status !== PENDING) this.#deliver();
    return this.#promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: being PromiseLike is the point
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#wait().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#wait().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#wait().finally(onFinally);
  }

  /**
   * Waits for the value.
   * @throws the task's error; ResultTimeoutError when `timeout` passes first (the task goes on); the signal's reason when it aborts.
   */
  result(options: ResultOptions = {}): Promise<T> {
    return this.#limited(this.#wait(), options);
  }

  /**
   * The error; undefined if there is a value.
   * @throws ResultTimeoutError when `timeout` passes first; the signal's reason when it aborts.
   */
  exception(options: ResultOptions = {}): Promise<unknown> {
    const error = this.#wait().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return this.#limited(error, options);
  }

  #limited<V>(settled: Promise<V>, options: ResultOptions): Promise<V> {
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
