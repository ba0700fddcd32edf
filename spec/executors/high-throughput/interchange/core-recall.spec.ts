import { expect } from 'chai';
import type { CoreOptions } from '../../../../executors/high-throughput/interchange/core-state.ts';
import { ResultStatus } from '../../../../lib/wire/records.ts';
import { Bench, pairs } from './core-bench.ts';

/** Two managers of two slots; the first has five tasks of a function that was expected to be short, the second nothing, since a moment. */
function withOneLoaded(options: Partial<CoreOptions> = {}): Bench {
  const bench = new Bench({ prefetchCapacity: 'auto', ...options }).register('a').submit(1).result('a', [1], { durationUs: 100 });
  bench.submit(5).register('b');
  bench.at += 20;
  bench.effects = [];
  return bench.tell();
}

/** As if nothing had happened for so long. @returns how many tasks each manager was asked for. */
function pass(bench: Bench, ms: number): Record<string, number> {
  bench.at += ms;
  bench.tell();
  return Object.fromEntries(bench.take('sendRecall').map(({ manager, count }) => [manager, count]));
}

/** A turn at every time that the core has asked for. @returns when, and how many were asked for. */
function passUntil(bench: Bench, untilMs: number): [ms: number, count: number][] {
  const asked: [number, number][] = [];
  const begin = bench.at;
  for (;;) {
    const waitMs = Math.min(...bench.take('lookAgain').map(({ inMs }) => inMs));
    if (bench.at + waitMs > begin + untilMs) return asked;
    bench.at += waitMs;
    bench.tell();
    for (const { count } of bench.take('sendRecall')) asked.push([bench.at - begin, count]);
  }
}

describe('interchange core: tasks that were sent ahead and do not get on', () => {
  it('are asked back when nothing waits and another manager has slots free, as many as it has', () => {
    const bench = withOneLoaded();
    expect(pass(bench, 1)).to.deep.equal({});
    expect(pass(bench, 30)).to.deep.equal({ a: 2 });
  });

  it('are asked back at a time that the core names, when no turn comes by itself', () => {
    const bench = withOneLoaded();
    expect(passUntil(bench, 50)[0]).to.deep.equal([10, 2]);
  });

  it('are never more than the manager has beyond its slots', () => {
    const bench = withOneLoaded().register('c', { slots: 9 });
    expect(pass(bench, 30)).to.deep.equal({ a: 3 });
  });

  it('go to whoever is free, when they have been given back and sent again', () => {
    const bench = withOneLoaded();
    pass(bench, 30);
    bench.result('a', [4, 5], { status: ResultStatus.Unstarted }).submit(2);
    expect(bench.placed()).to.deep.equal({ b: [7, 8] });
    expect(pass(bench, 30), 'the last, of which nobody has time').to.deep.equal({});
  });

  it('are asked for more and more rarely while nothing comes back, and again soon once something has', () => {
    const bench = withOneLoaded();
    const asked = passUntil(bench, 5000).map(([ms]) => ms);
    expect(asked.length).to.be.within(5, 14);
    const waits = asked.slice(1).map((ms, i) => ms - (asked[i] ?? 0));
    expect(waits).to.deep.equal(waits.toSorted((x, y) => x - y));
    expect(waits.at(-1)).to.equal(1000);
    bench.result('a', [4], { status: ResultStatus.Unstarted });
    expect(passUntil(bench, 2100).length).to.be.greaterThan(3);
  });

  it('are left alone as long as the manager is sent anything: it has not been given its time', () => {
    const bench = withOneLoaded().register('c', { slots: 30 });
    for (let i = 0; i < 20; i++) {
      bench.tell({ kind: 'cancel', pairs: pairs([3, 1]) });
      expect(pass(bench, 9)).to.deep.equal({});
    }
  });

  const rows: { title: string; options?: Partial<CoreOptions>; act: (bench: Bench) => void }[] = [
    { title: 'while others wait here', act: (b) => b.submit(3, { fnId: 2 }).submit(3, { fnId: 2 }) },
    { title: 'when nobody has a slot free', act: (b) => b.submit(2, { fnId: 2 }) },
    { title: 'for a manager that drains', act: (b) => b.tell({ kind: 'drain', manager: 'b', at: b.at }) },
    { title: 'for a manager whose connection is gone', act: (b) => b.tell({ kind: 'unreachable', manager: 'b' }) },
    { title: 'from a manager whose connection is gone', act: (b) => b.tell({ kind: 'unreachable', manager: 'a' }) },
    { title: 'once the manager has done all but those that it runs', act: (b) => b.result('a', [2, 3, 4], { durationUs: 100 }) },
    { title: 'at the end', act: (b) => b.tell({ kind: 'shutdown', reason: 'done' }) },
  ];
  for (const { title, options, act } of rows) {
    it(`are not asked back ${title}`, () => {
      const bench = withOneLoaded(options);
      act(bench);
      for (let i = 0; i < 10; i++) expect(pass(bench, 20)).to.deep.equal({});
    });
  }

  it('are not looked for when nothing is ever sent ahead', () => {
    const bench = new Bench({ prefetchCapacity: 0 }).register('a').register('b').submit(1);
    expect(pass(bench, 30)).to.deep.equal({});
    expect(bench.take('lookAgain')).to.deep.equal([]);
  });
});
