import { expect } from 'chai';
import { TaskFlag } from '../../../../lib/wire/records.ts';
import { Bench } from './core-bench.ts';
import { encodeTasks } from './simulation/simulated-driver.ts';

const MINUTE = 60_000;
const timed = (minutes: number) => ({ walltimeMs: minutes * MINUTE, flags: TaskFlag.Solo });

describe('interchange core: tasks with a walltime, and blocks that end', () => {
  it('places a task only where its walltime fits before the end', () => {
    const bench = new Bench().register('a', { timeLeftMs: 10 * MINUTE }).register('b', { timeLeftMs: 60 * MINUTE });
    expect(bench.submit(1, timed(20)).placed()).to.deep.equal({ b: [1] });
  });

  it('places it up to the last moment, and not one later', () => {
    const bench = new Bench().register('a', { timeLeftMs: 10 * MINUTE, slots: 3 });
    expect(bench.submit(1, timed(10)).placed()).to.deep.equal({ a: [1] });
    bench.at += 1;
    expect(bench.submit(1, timed(10)).placed()).to.deep.equal({});
    expect(bench.submit(1, timed(5)).placed()).to.deep.equal({ a: [3] });
  });

  it('places any where no end is known', () => {
    expect(
      new Bench()
        .register('a')
        .submit(1, timed(60 * 24 * 40))
        .placed(),
    ).to.deep.equal({ a: [1] });
  });

  it('goes on with others behind a task that fits nowhere, in their order', () => {
    const bench = new Bench().register('a', { timeLeftMs: 10 * MINUTE, slots: 4 });
    expect(bench.submit(1, timed(20)).submit(1).submit(1, timed(5)).submit(1).placed()).to.deep.equal({ a: [2, 3, 4] });
  });

  it('gives it to the first manager that has the time, before what came later', () => {
    const bench = new Bench().register('a', { timeLeftMs: 10 * MINUTE });
    bench.submit(1, timed(20)).submit(3);
    expect(bench.placed()).to.deep.equal({ a: [2, 3] });
    expect(bench.register('b', { timeLeftMs: 60 * MINUTE }).placed()).to.deep.equal({ b: [1, 4] });
  });

  it('keeps first-in first-out where all fit, whatever their walltimes', () => {
    const bench = new Bench();
    for (const minutes of [30, 1, 0, 30, 5, 1]) bench.submit(1, minutes === 0 ? {} : timed(minutes));
    expect(bench.register('a', { timeLeftMs: 60 * MINUTE, slots: 6 }).placed()).to.deep.equal({ a: [1, 2, 3, 4, 5, 6] });
  });

  it('holds a slot for a task that has the time there and waits, against what would be sent ahead', () => {
    const bench = new Bench({ prefetchCapacity: 8 }).register('a', { timeLeftMs: 60 * MINUTE, slots: 1 });
    bench.submit(1);
    bench.submit(1, timed(20)).submit(3);
    expect(bench.placed()).to.deep.equal({ a: [1] });
    expect(bench.result('a', [1]).placed()).to.deep.equal({ a: [2, 3, 4, 5] });
  });

  it('takes larger priorities first among those that fit', () => {
    const bench = new Bench().register('a', { timeLeftMs: 10 * MINUTE, slots: 1 });
    bench.submit(1, { priority: 5, ...timed(20) });
    expect(bench.submit(1).placed()).to.deep.equal({ a: [2] });
    bench.submit(1).submit(1, { priority: 5, ...timed(5) });
    expect(bench.result('a', [2]).placed()).to.deep.equal({ a: [4] });
  });

  it('gives nothing to a manager whose time is over, nor to one that comes back when it is', () => {
    const bench = new Bench().register('a', { timeLeftMs: MINUTE });
    bench.at += MINUTE;
    expect(bench.submit(1).placed()).to.deep.equal({});
    expect(bench.register('a', { attempt: 2, timeLeftMs: 0 }).core.managers.has('a')).to.equal(false);
    const fresh = new Bench().register('b', { timeLeftMs: -5 });
    expect(fresh.submit(1).placed()).to.deep.equal({});
  });

  it('cancels a task that waits for time', () => {
    const bench = new Bench().register('a', { timeLeftMs: MINUTE }).submit(2, timed(20));
    const pair = Buffer.alloc(8);
    pair.writeUInt32LE(1, 0);
    pair.writeUInt32LE(1, 4);
    expect(bench.tell({ kind: 'cancel', pairs: pair }).forwarded()).to.deep.equal([1]);
    expect(bench.core.queue.length).to.equal(1);
    expect(bench.register('b', { timeLeftMs: 60 * MINUTE }).placed()).to.deep.equal({ b: [2] });
  });

  describe('what it says of those that nobody has time for', () => {
    const timeless = (bench: Bench): number[] => {
      bench.tell({ kind: 'tick', at: bench.at });
      return bench.reports('load').map((report) => report.timeless);
    };

    it('counts them, not those that wait for a slot', () => {
      const bench = new Bench()
        .register('a', { timeLeftMs: 10 * MINUTE })
        .submit(10)
        .submit(3, timed(20))
        .submit(2, timed(5));
      expect(timeless(bench)).to.deep.equal([3]);
      expect(timeless(bench), 'nothing has changed').to.deep.equal([]);
    });

    it('counts all when every manager leaves', () => {
      const bench = new Bench().register('a').submit(4);
      expect(timeless(bench)).to.deep.equal([0]);
      expect(timeless(bench.tell({ kind: 'managerDrains', manager: 'a', at: bench.at }))).to.deep.equal([2]);
    });

    it('says it anew when another manager has come, even if that changes nothing', () => {
      const bench = new Bench().register('a', { timeLeftMs: MINUTE }).submit(1, timed(20));
      timeless(bench);
      expect(timeless(bench.register('b', { timeLeftMs: MINUTE }))).to.deep.equal([1]);
    });
  });

  it('looks past a hundred managers without time', () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) bench.register(`short${i}`, { timeLeftMs: MINUTE });
    bench.register('long', { timeLeftMs: 60 * MINUTE });
    expect(bench.submit(1, timed(20)).placed()).to.deep.equal({ long: [1] });
    expect(Object.keys(bench.submit(1).placed())).to.have.length(1);
  });
});

describe('interchange core: a job that is started again under the same id', () => {
  it('takes each task once, though managers of the first start are cut off and still at work', () => {
    const bench = new Bench().register('first', { blockId: '0' }).submit(2);
    expect(bench.placed()).to.deep.equal({ first: [1, 2] });
    bench.tell({ kind: 'blockEnded', block: '0', graceMs: 0, at: bench.at }, { kind: 'tick', at: bench.at });
    const [lost] = bench.reports('managerLost');
    expect(lost).to.deep.include({
      managerId: 'first',
      tasks: [
        [1, 1],
        [2, 1],
      ],
    });
    bench.register('second', { blockId: '0' });
    const again = [1, 2].map((taskId) => ({ taskId, tryNumber: 2, fnId: 1 }));
    bench.tell({ kind: 'tasksArrived', priority: 0, records: encodeTasks(again) });
    expect(bench.placed()).to.deep.equal({ second: [1, 2] });
    bench.result('first', [1, 2]);
    expect(bench.forwarded(), 'of the first start').to.deep.equal([]);
    const held: [number, number][] = [
      [1, 1],
      [2, 1],
    ];
    bench.register('first', { blockId: '0', attempt: 2, held });
    expect(bench.take('sendShutdown').map(({ manager }) => manager)).to.include('first');
    expect(bench.placed()).to.deep.equal({});
    bench.result('second', [1, 2], { tryNumber: 2 });
    expect(bench.forwarded()).to.deep.equal([1, 2]);
  });

  it('keeps managers of the second start that come before those of the first are given up', () => {
    const bench = new Bench().register('first', { blockId: '0' });
    bench.tell({ kind: 'blockEnded', block: '0', graceMs: 0, at: bench.at });
    bench.register('second', { blockId: '0' }).tell({ kind: 'tick', at: bench.at });
    expect([...bench.core.managers.keys()]).to.deep.equal(['second']);
  });
});
