import { expect } from 'chai';
import type { CoreOptions } from '../../../../executors/high-throughput/interchange/core.ts';
import { encodeResult, ResultStatus, TaskFlag } from '../../../../lib/wire/records.ts';
import { encodeTasks } from './simulation/simulated-driver.ts';
import { Bench, range } from './core-bench.ts';

describe('interchange core: work', () => {
  describe('placing', () => {
    const rows: { title: string; options?: Partial<CoreOptions>; act: (bench: Bench) => void; placed: Record<string, number[]> }[] = [
      { title: 'fills the slots and no more with prefetch 0', act: (b) => b.register('a').submit(5), placed: { a: [1, 2] } },
      {
        title: 'sends N beyond the slots with prefetch N',
        options: { prefetchCapacity: 2 },
        act: (b) => b.register('a').submit(9),
        placed: { a: [1, 2, 3, 4] },
      },
      {
        title: 'sends tasks of unknown length to free slots only with prefetch auto',
        options: { prefetchCapacity: 'auto' },
        act: (b) => b.register('a').submit(9),
        placed: { a: [1, 2] },
      },
      {
        title: 'spreads tasks of unknown length over the free slots of all managers',
        act: (b) => b.register('a').register('b').submit(2),
        placed: { a: [1], b: [2] },
      },
      {
        title: 'fills every free slot before it sends anything beyond',
        options: { prefetchCapacity: 1 },
        act: (b) => b.register('a').register('b').submit(4),
        placed: { a: [1, 3], b: [2, 4] },
      },
      {
        title: 'prefers the less loaded manager',
        options: {},
        act: (b) => {
          b.register('a', { slots: 4 }).submit(3).register('b', { slots: 4 });
          b.placed();
          b.submit(2);
        },
        placed: { b: [4, 5] },
      },
      {
        title: 'fills the oldest block first with selector blockId',
        options: { managerSelector: 'blockId' },
        act: (b) => b.register('a', { blockId: '10' }).register('b', { blockId: '9' }).submit(3),
        placed: { b: [1, 2], a: [3] },
      },
      {
        title: 'fills free slots of younger blocks before it sends anything beyond, also with selector blockId',
        options: { managerSelector: 'blockId', prefetchCapacity: 2 },
        act: (b) => b.register('a', { blockId: '0', slots: 1 }).register('b', { blockId: '1', slots: 1 }).submit(3),
        placed: { a: [1, 3], b: [2] },
      },
      {
        title: 'takes larger priorities first',
        act: (b) => b.submit(1, { priority: -1 }).submit(1, { priority: 5 }).submit(1).register('a'),
        placed: { a: [2, 3] },
      },
      {
        title: 'keeps first-in first-out within a priority',
        act: (b) => b.submit(1).submit(1).submit(1).register('a', { slots: 3 }),
        placed: { a: [1, 2, 3] },
      },
      {
        title: 'takes tasks that are tried again before others of their priority, in their order, not before larger ones',
        act: (b) =>
          b
            .submit(2)
            .submit(1, { tryNumber: 2 })
            .submit(1, { priority: 1 })
            .submit(1, { tryNumber: 3 })
            .submit(1)
            .register('a', { slots: 4 }),
        placed: { a: [4, 3, 5, 1] },
      },
    ];
    for (const { title, options, act, placed } of rows) {
      it(title, () => {
        const bench = new Bench(options);
        act(bench);
        expect(bench.placed()).to.deep.equal(placed);
      });
    }

    const known = (durationUs: number, options: Partial<CoreOptions> = { prefetchCapacity: 'auto' }): Bench => {
      const bench = new Bench(options).register('a').submit(1);
      bench.result('a', [1], { durationUs });
      bench.placed();
      return bench;
    };

    it('sends tasks known to be short ahead, some milliseconds of them', () => {
      expect(known(100).submit(1000).placed()['a']).to.have.length(160);
    });

    it('does not send tasks known to be long ahead', () => {
      expect(known(20_000).submit(1000).placed()['a']).to.have.length(2);
    });

    it('never sends a task that must be alone ahead, however short', () => {
      expect(known(100).submit(10, { flags: TaskFlag.Solo }).placed()['a']).to.have.length(2);
    });

    it('counts a slot that is taken by a long task out of what it sends ahead', () => {
      expect(known(100).submit(1, { fnId: 2 }).submit(1000).placed()['a']).to.have.length(1 + 80);
    });

    it('keeps estimates per function', () => {
      expect(known(100).submit(10, { fnId: 2 }).placed()['a']).to.have.length(2);
    });

    it('spreads long tasks over a thousand managers, whether they come together or one by one', () => {
      const bench = new Bench();
      for (let i = 0; i < 1000; i++) bench.register(`m${i}`);
      bench.submit(600);
      for (let i = 0; i < 400; i++) bench.submit(1);
      const loads = Object.values(bench.placed()).map((ids) => ids.length);
      expect(loads).to.have.length(1000);
      bench.submit(1500);
      expect(Object.values(bench.placed()).flat()).to.have.length(1000);
    });

    it('serves a part of very many managers in a turn, so that others are heard, and all of them in the end', () => {
      const bench = new Bench();
      for (let i = 0; i < 1000; i++) bench.register(`m${i}`);
      const loads = Object.values(bench.submit(2000).placed()).map((ids) => ids.length);
      expect(loads)
        .to.have.length(1000)
        .and.to.satisfy((counts: number[]) => counts.every((count) => count === 2));
      expect(bench.furtherTurns).to.be.within(3, 10);
    });

    it('leaves each of very many managers its share of tasks that are fewer than the slots', () => {
      const bench = new Bench();
      for (let i = 0; i < 1000; i++) bench.register(`m${i}`, { slots: 32 });
      const loads = Object.values(bench.submit(8000).placed()).map((ids) => ids.length);
      expect(loads).to.have.length(1000);
      expect(Math.min(...loads), 'least').to.be.at.least(7);
      expect(Math.max(...loads), 'most').to.be.at.most(9);
    });

    it('places a long queue of tiny tasks in several turns, and shares it among managers all the same', () => {
      const bench = known(1, { prefetchCapacity: 'auto', quarantineMs: 0 }).register('b');
      const many = { slots: 1000 };
      bench.register('c', many).register('d', many);
      // Nothing is sent ahead to who has not shown yet that tasks succeed there.
      for (const { record } of bench.core.managers.values()) record.hasWorked = true;
      bench.submit(100_000);
      const placed = bench.placed();
      expect(bench.furtherTurns).to.equal(3);
      expect(Object.values(placed).flat()).to.have.length(100_000);
      expect((placed['c'] ?? []).length / (placed['d'] ?? []).length).to.be.within(0.5, 2);
    });

    it('asks for no further turn when it has placed what there is, or nobody has room or time for the rest', () => {
      const bench = new Bench();
      for (let i = 0; i < 300; i++) bench.register(`m${i}`, { timeLeftMs: 1000 });
      bench.submit(250).submit(400, { walltimeMs: 5000 });
      expect(bench.furtherTurns).to.equal(0);
      bench.submit(350);
      const turns = bench.furtherTurns;
      bench.submit(1);
      expect(bench.furtherTurns).to.equal(turns);
    });

    it('packs tiny tasks for one manager before it turns to the next', () => {
      const bench = known(5).register('b');
      const runs = bench.submit(100).placed();
      expect(Object.values(runs).map((ids) => ids.length)).to.deep.equal([100]);
    });

    it('shares a large burst of tiny tasks among managers', () => {
      const bench = known(5).register('b');
      const runs = bench.submit(2000).placed();
      expect(Object.keys(runs)).to.have.members(['a', 'b']);
    });

    it('sends whole runs of records as views of what the driver sent', () => {
      const records = encodeTasks(range(1, 50).map((taskId) => ({ taskId: taskId + 100, tryNumber: 1, fnId: 1 })));
      const bench = known(5).tell({ kind: 'tasksArrived', priority: 0, records });
      const [sent] = bench.take('sendTasks');
      expect(sent?.parts).to.have.length(1);
      expect(sent?.parts[0]?.buffer).to.equal(records.buffer);
    });

    it('defines a function once per manager, before its first task', () => {
      const bench = new Bench().register('a', { slots: 4 }).submit(2).submit(2, { fnId: 2 });
      const kinds = bench.effects.filter(({ kind }) => kind === 'sendDefine' || kind === 'sendTasks').map(({ kind }) => kind);
      expect(kinds).to.deep.equal(['sendDefine', 'sendTasks', 'sendDefine', 'sendTasks']);
    });

    it('places nothing on a manager whose connection is gone, until it is heard again', () => {
      const bench = new Bench().register('a').tell({ kind: 'unreachable', manager: 'a' }).submit(1);
      expect(bench.placed()).to.deep.equal({});
      bench.tell({ kind: 'heartbeat', manager: 'a', sequence: 0, at: bench.at });
      expect(bench.placed()).to.deep.equal({ a: [1] });
    });
  });

  describe('results', () => {
    it('forwards the results of tasks in flight and frees their slots', () => {
      const bench = new Bench().register('a').submit(3);
      bench.placed();
      bench.result('a', [1]);
      expect(bench.forwarded()).to.deep.equal([1]);
      expect(bench.placed()).to.deep.equal({ a: [3] });
    });

    it('drops a frame that it has seen', () => {
      const bench = new Bench().register('a').submit(1).result('a', [1]);
      bench.forwarded();
      bench.submit(1);
      const repeat = encodeResult({ taskId: 2, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs: 1, startMs: 0, worker: 0 });
      bench.tell({ kind: 'resultsArrived', manager: 'a', sequence: 1, records: [repeat], at: bench.at });
      expect(bench.forwarded()).to.deep.equal([]);
    });

    it('asks who it is when a frame is missing, and takes none behind the gap', () => {
      const bench = new Bench().register('a').submit(1);
      bench.tell({ kind: 'resultsArrived', manager: 'a', sequence: 2, records: [Buffer.alloc(0)], at: bench.at });
      expect(bench.take('sendWhoAreYou')).to.deep.equal([{ kind: 'sendWhoAreYou', manager: 'a' }]);
      expect(bench.core.managers.get('a')?.received).to.equal(0);
    });

    it('does not believe a manager about tasks that it was not given, and forwards the others of the frame', () => {
      const bench = new Bench().register('a', { slots: 3 }).register('b', { slots: 1 }).submit(4);
      const { a, b } = bench.placed();
      bench.result('a', [a?.[0] ?? 0, b?.[0] ?? 0, 77, a?.[1] ?? 0]);
      expect(bench.forwarded()).to.deep.equal([a?.[0], a?.[1]]);
      expect(bench.core.managers.get('b')?.inFlight.size).to.equal(1);
    });

    it('drops the result of another try', () => {
      const bench = new Bench().register('a').submit(1).result('a', [1], { tryNumber: 2 });
      expect(bench.forwarded()).to.deep.equal([]);
    });

    it('forwards unstarted tasks to the driver, which has the bytes', () => {
      const bench = new Bench().register('a').submit(1).result('a', [1], { status: ResultStatus.Unstarted });
      expect(bench.forwarded()).to.deep.equal([1]);
      expect(bench.core.estimates.has(1)).to.equal(false);
    });

    it('logs bytes that are no records and asks what the manager holds', () => {
      const bench = new Bench().register('a').submit(1);
      bench.tell({
        kind: 'resultsArrived',
        manager: 'a',
        sequence: 1,
        records: [Buffer.from('garbage, not records at all')],
        at: bench.at,
      });
      expect(bench.forwarded()).to.deep.equal([]);
      expect(bench.take('log')[0]?.level).to.equal('warn');
      expect(bench.take('sendWhoAreYou')).to.have.length(1);
    });

    it('acknowledges with the next tasks what the driver has, not what has only arrived', () => {
      const bench = new Bench().register('a').submit(2).result('a', [1]);
      bench.take('sendTasks');
      bench.submit(1);
      expect(bench.take('sendTasks')[0]?.acknowledged).to.equal(0);
      bench.tell({ kind: 'resultsWritten', manager: 'a', sequence: 1 }).result('a', [2]).submit(1);
      expect(bench.take('sendTasks')[0]?.acknowledged).to.equal(1);
    });

    it('acknowledges large results at once', () => {
      const bench = new Bench().register('a').submit(1);
      const large = encodeResult(
        { taskId: 1, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs: 1, startMs: 0, worker: 0 },
        Buffer.alloc(2 << 20),
      );
      bench.tell({ kind: 'resultsArrived', manager: 'a', sequence: 1, records: [large], at: bench.at });
      bench.tell({ kind: 'resultsWritten', manager: 'a', sequence: 1 });
      expect(bench.take('sendHeartbeat')[0]?.acknowledged).to.equal(1);
    });
  });
});
