import { expect } from 'chai';
import { mapApp } from '../../../lib/apps/map.ts';
import { InvalidOptionError } from '../../../lib/errors/index.ts';
import { AppFuture, type TaskView } from '../../../lib/futures/app-future.ts';
import type { MapOptions } from '../../../lib/types/call-types.ts';

/** An app whose tasks end at once with the list of their arguments. */
function makeApp(): { calls: unknown[][]; map(items: unknown, options?: unknown): AsyncGenerator<unknown> } {
  const calls: unknown[][] = [];
  const call = (...args: readonly unknown[]): AppFuture<unknown> => {
    calls.push([...args]);
    const future = new AppFuture<unknown>({ taskId: calls.length, cancel: () => undefined } as unknown as TaskView);
    future.fulfill(args);
    return future;
  };
  return { calls, map: (items, options) => mapApp(call, 'fit', items, options as MapOptions | undefined) };
}

describe('map', () => {
  const refused: readonly (readonly [options: unknown, option: string, message: RegExp])[] = [
    [{ window: 0 }, 'window', /whole number, 1 or more/],
    [{ window: 1.5 }, 'window', /whole number/],
    [{ window: '10' }, 'window', /'10' \(string\)/],
    [{ settle: 'yes' }, 'settle', /true or false/],
    [{ spread: 1 }, 'spread', /true or false/],
    [{ windw: 10 }, 'windw', /Did you mean 'window'\?/],
    [5, 'options', /5 \(number\)/],
    [[], 'options', /\{ window: 100 \}/],
  ];
  for (const [options, option, message] of refused) {
    it(`refuses ${JSON.stringify(options)} when it is called, not when it is iterated`, () => {
      expect(() => makeApp().map([1], options))
        .to.throw(InvalidOptionError, message)
        .with.property('option', option);
    });
  }

  for (const items of [5, undefined, null, {}]) {
    it(`refuses ${JSON.stringify(items)} as its items, when it is called`, () => {
      expect(() => makeApp().map(items)).to.throw(TypeError, /^fit\.map takes an iterable of items.*; this is /);
    });
  }

  it('submits nothing before a result is asked for', async () => {
    const app = makeApp();
    const results = app.map('ab');
    expect(app.calls).to.deep.equal([]);
    expect(await Array.fromAsync(results)).to.deep.equal([['a'], ['b']]);
  });

  it('names the item that is no list of arguments, with spread', async () => {
    const app = makeApp();
    const error = await Array.fromAsync(app.map([[1, 2], 3], { spread: true })).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(TypeError);
    expect(String(error)).to.match(/fit\.map with spread: true .* item 1 is 3 \(number\)$/);
  });
});
