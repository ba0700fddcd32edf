/**
 * `app.map(items)`: submits as results are taken, a window at a time, so that an endless iterable runs in bounded memory.
 */
import { InvalidOptionError } from '../errors/index.ts';
import { showValue } from '../errors/message-parts.ts';
import type { AppFuture } from '../futures/app-future.ts';
import type { MapOptions } from '../types/call-types.ts';
import { checkBoolean, checkWhole } from './option-checks.ts';

const DEFAULT_WINDOW = 10_000;
const OPTIONS = ['window', 'settle', 'spread'];

type Call = (...args: readonly unknown[]) => AppFuture<unknown>;

/**
 * Results in the order of the items. A failure ends the iteration with its error (what is under way is cancelled), unless `settle`.
 * What is wrong with the call itself is told by the call; nothing is submitted before the first result is asked for.
 * @throws TypeError if `items` cannot be iterated; InvalidOptionError for an option that does not exist or has a wrong value.
 */
export function mapApp(call: Call, app: string, items: unknown, options: MapOptions = {}): AsyncGenerator<unknown, void, undefined> {
  if (!isIterable(items)) {
    throw new TypeError(`${app}.map takes an iterable of items, such as an array or a generator; this is ${showValue(items)}`);
  }
  return results(call, app, items, checkOptions(app, options));
}

async function* results(
  call: Call,
  app: string,
  items: Items,
  { window, settle, spread }: Required<MapOptions>,
): AsyncGenerator<unknown, void, undefined> {
  const underWay = new Queue();
  const source = iterate(items);
  let index = 0;
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && underWay.length < window) {
        const next = await source.next();
        if (next.done) exhausted = true;
        else underWay.push(spread ? call(...argumentList(next.value, app, index)) : call(next.value));
        index++;
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

type Items = Iterable<unknown> | AsyncIterable<unknown>;

function isIterable(items: unknown): items is Items {
  if (typeof items === 'string') return true;
  return typeof items === 'object' && items !== null && (Symbol.asyncIterator in items || Symbol.iterator in items);
}

function argumentList(item: unknown, app: string, index: number): readonly unknown[] {
  if (Array.isArray(item)) return item;
  throw new TypeError(`${app}.map with spread: true takes a list of arguments for each call; item ${index} is ${showValue(item)}`);
}

function iterate(items: Items): AsyncIterator<unknown> | Iterator<unknown> {
  return typeof items === 'object' && Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
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

const checkWindow = checkWhole(1, Number.MAX_SAFE_INTEGER);

function checkOptions(app: string, options: MapOptions): Required<MapOptions> {
  const of = `${app}.map`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw InvalidOptionError.wrong(of, 'options', options, 'an object like { window: 100 }');
  }
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) throw InvalidOptionError.unknown(of, name, value, OPTIONS);
  }
  const { window = DEFAULT_WINDOW, settle = false, spread = false } = options;
  return {
    window: checkWindow(window, of, 'window'),
    settle: checkBoolean(settle, of, 'settle'),
    spread: checkBoolean(spread, of, 'spread'),
  };
}
