/**
 * `app.map(items)`: submits as results are taken, a window at a time, so that an endless iterable runs in bounded memory.
 */
import { InvalidOptionError } from '../errors/index.ts';
import type { AppFuture } from '../futures/app-future.ts';
import type { MapOptions } from '../types/call-types.ts';
import { nearest } from '../suggest.ts';

const DEFAULT_WINDOW = 10_000;
const OPTIONS = ['window', 'settle', 'spread'];

/**
 * Results in the order of the items. A failure ends the iteration with its error (what is under way is cancelled), unless `settle`.
 * @throws InvalidOptionError for an option that does not exist or a window that is not a whole number of at least 1.
 */
export async function* mapApp(
  call: (...args: readonly unknown[]) => AppFuture<unknown>,
  app: string,
  items: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  const { window, settle, spread } = checkOptions(app, options);
  const underWay = new Queue();
  const source = iterate(items);
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && underWay.length < window) {
        const next = await source.next();
        if (next.done) exhausted = true;
        else underWay.push(spread ? call(...(next.value as readonly unknown[])) : call(next.value));
      }
      const oldest = underWay.shift();
      if (!oldest) return;
      yield settle ? await settled(oldest) : await oldest;
    }
  } finally {
    underWay.cancelAll(`the iteration of ${app}.map ended early`);
    if (!exhausted) await source.return?.(undefined);
  }
}

function iterate(items: Iterable<unknown> | AsyncIterable<unknown>): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

async function settled(future: AppFuture<unknown>): Promise<PromiseSettledResult<unknown>> {
  const [result] = await Promise.allSettled([future]);
  return result;
}

/** First in, first out, without moving what is behind. */
class Queue {
  #items: (AppFuture<unknown> | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(future: AppFuture<unknown>): void {
    this.#items.push(future);
  }

  shift(): AppFuture<unknown> | undefined {
    const first = this.#items[this.#head];
    if (this.#head < this.#items.length) this.#items[this.#head++] = undefined;
    if (this.#head > 1000 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  cancelAll(reason: string): void {
    for (let future = this.shift(); future; future = this.shift()) {
      future.markObserved();
      future.cancel(reason);
    }
  }
}

function checkOptions(app: string, options: MapOptions): { window: number; settle: boolean; spread: boolean } {
  const of = `${app}.map`;
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) throw InvalidOptionError.wrong(of, name, value, `one of ${OPTIONS.join(', ')}`, nearest(name, OPTIONS));
  }
  const { window = DEFAULT_WINDOW, settle = false, spread = false } = options;
  if (!Number.isInteger(window) || window < 1) throw InvalidOptionError.wrong(of, 'window', window, 'a whole number of at least 1');
  return { window, settle, spread };
}
