import { serialize } from 'node:v8';
import { expect } from 'chai';
import type { CoreEvent } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { encodeResult, readResult, ResultStatus } from '../../../../lib/wire/records.ts';
import { Bench, pairs, range } from './core-bench.ts';

describe('interchange core: managers', () => {
  describe('managers', () => {
    it('refuses another version by name, it alone', () => {
      const bench = new Bench().register('old', { version: '0.9.0', protocol: 7 }).register('a').submit(1);
      const [refused] = bench.take('sendRefused');
      expect(refused?.message).to.include('0.9.0').and.include('1.0.0').and.include('protocol 7').and.include('install version 1.0.0');
      expect(bench.placed()).to.deep.equal({ a: [1] });
      expect(bench.reports('managerRefused').map(({ managerId }) => managerId)).to.deep.equal(['old']);
    });

    for (const said of ['heartbeat', 'resultsArrived'] as const) {
      it(`asks a stranger who it is and does nothing else (${said})`, () => {
        const bench = new Bench();
        bench.tell(
          said === 'heartbeat'
            ? { kind: 'heartbeat', manager: 'x', sequence: 3, at: bench.at }
            : { kind: 'resultsArrived', manager: 'x', sequence: 3, records: [Buffer.alloc(0)], at: bench.at },
        );
        expect(bench.effects.map(({ kind }) => kind)).to.deep.equal(['log', 'sendWhoAreYou']);
      });
    }

    it('loses a manager that was silent for longer than the threshold, with the tries that were there', () => {
      const bench = new Bench().register('a').submit(3);
      bench.tell({ kind: 'tick', at: bench.at });
      for (const at of [1500, 1900, 2001]) bench.tell({ kind: 'tick', at });
      const [lost] = bench.reports('managerLost');
      expect(lost?.tasks).to.deep.equal([
        [1, 1],
        [2, 1],
      ]);
      expect(lost).to.include({ managerId: 'a', host: 'host-a', blockId: '0', lastHeardMs: 1000 });
      expect(bench.core.queue.length).to.equal(1);
    });

    it('keeps a manager that is silent for no longer than the threshold', () => {
      const bench = new Bench().register('a');
      for (const at of [1000, 1500, 2000]) bench.tell({ kind: 'tick', at });
      expect(bench.reports('managerLost')).to.deep.equal([]);
    });

    it('does not blame managers for a pause of its own', () => {
      const bench = new Bench().register('a').tell({ kind: 'tick', at: 1000 }, { kind: 'tick', at: 60_000 });
      expect(bench.reports('managerLost')).to.deep.equal([]);
    });

    it('cancels what a lost manager still holds when it comes back, drops its late results and gives it new tasks', () => {
      const bench = new Bench().register('a', { slots: 1 }).submit(1);
      for (const at of [1000, 1500, 1900, 2001]) bench.tell({ kind: 'tick', at });
      bench.at = 2500;
      bench.result('a', [1]);
      expect(bench.forwarded()).to.deep.equal([]);
      expect(bench.take('sendWhoAreYou')).to.have.length(1);
      bench.register('a', { slots: 1, attempt: 2, held: [[1, 1]] });
      expect(bench.take('sendCancel')[0]?.pairs).to.deep.equal(pairs([1, 1]));
      bench.placed();
      bench.submit(1);
      expect(bench.placed()).to.deep.equal({ a: [2] });
    });

    it('reports as unstarted what never arrived at a manager that registers again', () => {
      const bench = new Bench().register('a').submit(2);
      bench.register('a', { attempt: 2, held: [[1, 1]] });
      const [results] = bench.take('forwardResults');
      expect(readResult(results?.records as Buffer, 0)).to.include({ taskId: 2, status: ResultStatus.Unstarted });
      expect(bench.core.managers.get('a')?.inFlight.has(1)).to.equal(true);
    });

    it('counts the frames to a manager without a gap, from a base that differs per registration', () => {
      const bench = new Bench().register('a', { slots: 1 }).submit(1).result('a', [1]).submit(1);
      const numbers = bench.effects.flatMap((effect) => ('number' in effect ? [effect.number - 0x01000000] : []));
      expect(numbers).to.deep.equal([0, 1, 2, 3]);
      bench.register('a', { attempt: 2, held: [[2, 1]] });
      expect(bench.take('sendRegistered').at(-1)?.number).to.equal(0x02000000);
    });

    it('beats once per period', () => {
      const bench = new Bench().register('a');
      for (const at of [1050, 1100, 1150, 1200]) bench.tell({ kind: 'heartbeat', manager: 'a', sequence: 0, at }, { kind: 'tick', at });
      expect(bench.take('sendHeartbeat')).to.have.length(2);
    });

    it('says at ticks how much is in flight at each block, if that has changed', () => {
      const bench = new Bench().register('a', { blockId: '7' }).register('b').register('c').submit(5).tell({ kind: 'tick', at: 1001 });
      const loads = bench.reports('load').map(({ perBlock }) => perBlock);
      expect(loads).to.have.length(1);
      expect(Object.keys(loads[0] ?? {})).to.deep.equal(['0', '7']);
      expect((loads[0]?.['0'] ?? 0) + (loads[0]?.['7'] ?? 0)).to.equal(5);
      bench.tell({ kind: 'tick', at: 1002 });
      expect(bench.reports('load')).to.deep.equal([]);
    });

    it('loses the managers of a block that has ended, after a grace for what they sent before', () => {
      const bench = new Bench()
        .register('a', { blockId: '7' })
        .register('b')
        .submit(1)
        .tell({ kind: 'blockEnded', block: '7', graceMs: 50, at: 1000 });
      bench.tell({ kind: 'tick', at: 1049 });
      expect(bench.reports('managerLost')).to.deep.equal([]);
      bench.tell({ kind: 'tick', at: 1050 });
      expect(bench.reports('managerLost').map(({ managerId, reason }) => [managerId, reason])).to.deep.equal([['a', 'block 7 has ended']]);
    });

    it('tells the driver which tries were lost with a manager that left early', () => {
      const bench = new Bench().register('a').submit(1).tell({ kind: 'left', manager: 'a', at: 1000 });
      expect(bench.reports('managerLost')[0]?.tasks).to.deep.equal([[1, 1]]);
    });
  });

  describe('draining', () => {
    it('gives no new tasks, waits for the running ones and lets the manager go', () => {
      const bench = new Bench().register('a').submit(3);
      bench.tell({ kind: 'drain', manager: 'a', at: 1000 });
      expect(bench.take('sendDrain')).to.have.length(1);
      bench.placed();
      bench.result('a', [1]);
      expect(bench.placed()).to.deep.equal({});
      expect(bench.take('sendShutdown')).to.deep.equal([]);
      bench.result('a', [2]);
      expect(bench.take('sendShutdown')).to.have.length(1);
      expect(bench.reports('managerLeft').map(({ managerId }) => managerId)).to.deep.equal(['a']);
      expect(bench.core.queue.length).to.equal(1);
    });

    it('lets all managers of a block go, the idle ones at once', () => {
      const bench = new Bench().register('a', { blockId: '1' }).register('b', { blockId: '1' }).register('c', { blockId: '2' });
      bench.tell({ kind: 'drain', block: '1', at: 1000 });
      expect(bench.take('sendShutdown').map(({ manager }) => manager)).to.deep.equal(['a', 'b']);
    });

    it('tells a manager that was let go the same again if it comes back', () => {
      const bench = new Bench().register('a').tell({ kind: 'drain', manager: 'a', at: 1000 });
      bench.take('sendShutdown');
      bench.register('a', { attempt: 2 });
      expect(bench.take('sendShutdown')).to.have.length(1);
      expect(bench.core.managers.size).to.equal(0);
    });

    it('gives up on tasks that have not ended when the time to drain is over', () => {
      const bench = new Bench()
        .register('a')
        .submit(1)
        .tell({ kind: 'drain', manager: 'a', graceMs: 200, at: 1000 }, { kind: 'tick', at: 1200 });
      expect(bench.reports('managerLost')[0]?.tasks).to.deep.equal([[1, 1]]);
      expect(bench.take('sendShutdown')).to.have.length(1);
    });
  });

  describe('cancelling', () => {
    it('takes a waiting task out of the queue and reports it as cancelled', () => {
      const bench = new Bench().submit(3).tell({ kind: 'cancel', pairs: pairs([2, 1]) });
      const [results] = bench.take('forwardResults');
      expect(results?.managerIndex).to.equal(0xffffffff);
      expect(readResult(results?.records as Buffer, 0)).to.include({ taskId: 2, tryNumber: 1, status: ResultStatus.Cancelled });
      bench.register('a', { slots: 3 });
      expect(bench.placed()).to.deep.equal({ a: [1, 3] });
    });

    it('passes the request on for a task that is at a manager', () => {
      const bench = new Bench()
        .register('a')
        .submit(1)
        .tell({ kind: 'cancel', pairs: pairs([1, 1]) });
      expect(bench.take('sendCancel').map(({ manager, pairs: sent }) => [manager, sent])).to.deep.equal([['a', pairs([1, 1])]]);
    });

    it('leaves unknown tries alone', () => {
      const bench = new Bench().register('a').submit(3);
      bench.effects = [];
      bench.tell({ kind: 'cancel', pairs: pairs([1, 2], [99, 1]) });
      expect(bench.effects).to.deep.equal([]);
    });

    it('asks again when the manager registers again', () => {
      const bench = new Bench()
        .register('a')
        .submit(1)
        .tell({ kind: 'cancel', pairs: pairs([1, 1]) });
      bench.take('sendCancel');
      bench.register('a', { attempt: 2, held: [[1, 1]] });
      expect(bench.take('sendCancel')[0]?.pairs).to.deep.equal(pairs([1, 1]));
    });

    it('cancels 10,000 of 200,000 waiting tasks in one pass', () => {
      const bench = new Bench().submit(200_000);
      const start = performance.now();
      bench.tell(...range(1, 10_000).map((i): CoreEvent => ({ kind: 'cancel', pairs: pairs([i * 20, 1]) })));
      expect(performance.now() - start).to.be.lessThan(500);
      expect(bench.forwarded()).to.have.length(10_000);
      expect(bench.core.queue.length).to.equal(190_000);
    });
  });

  describe('recovering', () => {
    const recover = (managers: string[], tasks: number): CoreEvent => ({ kind: 'recover', managers, tasks, graceMs: 300, at: 1000 });

    it('places nothing before every manager has come, then only what none of them has', () => {
      const bench = new Bench()
        .tell(recover(['a', 'b'], 5))
        .submit(5)
        .register('a', {
          held: [
            [1, 1],
            [2, 1],
          ],
        });
      expect(bench.placed()).to.deep.equal({});
      bench.register('b', { held: [[4, 1]], slots: 3 });
      expect(bench.placed()).to.deep.equal({ b: [3, 5] });
      expect(bench.reports('recovered')).to.deep.equal([{ kind: 'recovered', managers: 2, missing: [], requeued: 2, held: [] }]);
    });

    it('forwards results that a manager repeats, and does not run their tasks again', () => {
      const bench = new Bench().tell(recover(['a', 'b'], 2)).register('a', { held: [[1, 1]], firstSequence: 9 });
      const repeated = encodeResult({ taskId: 1, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs: 1, startMs: 0, worker: 0 });
      bench.tell({ kind: 'resultsArrived', manager: 'a', sequence: 9, records: [repeated], at: bench.at });
      expect(bench.forwarded()).to.deep.equal([1]);
      bench.submit(2).register('b');
      expect(Object.values(bench.placed()).flat()).to.deep.equal([2]);
    });

    it('waits for all outstanding tasks before it decides what is missing', () => {
      const bench = new Bench().tell(recover([], 2)).register('a', { held: [[2, 1]] });
      bench.submit(1);
      expect(bench.placed()).to.deep.equal({});
      bench.submit(1);
      expect(bench.placed()).to.deep.equal({ a: [1] });
    });

    it('hands the rest back for another try when a manager has not come within the grace: it may have any of them', () => {
      const bench = new Bench()
        .tell(recover(['a', 'gone'], 2))
        .submit(2)
        .register('a', { held: [[1, 1]] });
      bench.tell({ kind: 'tick', at: 1300 });
      const [results] = bench.take('forwardResults');
      expect(readResult(results?.records as Buffer, 0)).to.include({ taskId: 2, status: ResultStatus.Unstarted });
      expect(bench.reports('recovered')[0]).to.include({ requeued: 0 });
    });

    it('cancels what a manager holds and nobody waits for', () => {
      const bench = new Bench()
        .tell(recover(['a'], 1))
        .submit(1)
        .register('a', {
          held: [
            [1, 1],
            [50, 1],
          ],
        });
      expect(bench.take('sendCancel')[0]?.pairs).to.deep.equal(pairs([50, 1]));
      expect(bench.core.managers.get('a')?.inFlight.has(50)).to.equal(false);
    });

    const takeOver = (managers: string[]): CoreEvent => ({ ...recover(managers, 0), keepHeld: true }) as CoreEvent;

    it('lets go on what managers hold for a driver that died, and says what that is', () => {
      const bench = new Bench().tell(takeOver(['a'])).register('a', {
        held: [
          [7, 2],
          [8, 1],
        ],
      });
      expect(bench.take('sendCancel')).to.deep.equal([]);
      const [recovered] = bench.reports('recovered');
      expect(recovered?.missing).to.deep.equal([]);
      expect([recovered?.held.slice(0, 2), recovered?.held.slice(2)]).to.have.deep.members([
        [7, 2],
        [8, 1],
      ]);
      bench.result('a', [7], { tryNumber: 2 });
      expect(bench.forwarded()).to.deep.equal([7]);
    });

    it('does not call held what was reported while it recovered', () => {
      const bench = new Bench().tell(takeOver(['a', 'b'])).register('a', {
        held: [
          [7, 1],
          [8, 1],
        ],
      });
      bench.result('a', [7]).register('b');
      expect(bench.forwarded()).to.deep.equal([7]);
      expect(bench.reports('recovered')[0]?.held).to.deep.equal([8, 1]);
    });

    it('waits no more for managers whose block has ended, and gives out nothing that they may have had', () => {
      const bench = new Bench().tell(recover(['a', 'gone'], 2)).submit(2);
      bench.register('a', { held: [[1, 1]] });
      expect(bench.reports('recovered')).to.deep.equal([]);
      bench.tell({ kind: 'blockEnded', block: '9', graceMs: 50, awaited: ['gone', 'unknown'], at: 1000 });
      expect(bench.reports('recovered')[0]).to.deep.include({ missing: ['gone'], requeued: 0 });
      const [results] = bench.take('forwardResults');
      expect(readResult(results?.records as Buffer, 0)).to.include({ taskId: 2, status: ResultStatus.Unstarted });
    });

    it('cancels a task that waits while recovering, also where it runs after all', () => {
      const bench = new Bench()
        .tell(recover(['a'], 1))
        .submit(1)
        .tell({ kind: 'cancel', pairs: pairs([1, 1]) });
      expect(bench.forwarded()).to.deep.equal([1]);
      bench.register('a', { held: [[1, 1]] });
      expect(bench.take('sendCancel')[0]?.pairs).to.deep.equal(pairs([1, 1]));
      expect(bench.placed()).to.deep.equal({});
    });
  });

  it('tells every manager to leave at shutdown, and whoever comes later', () => {
    const bench = new Bench().register('a').register('b').tell({ kind: 'shutdown', reason: 'the driver is done' });
    bench.register('c');
    expect(bench.take('sendShutdown').map(({ manager, reason }) => [manager, reason])).to.deep.equal(
      ['a', 'b', 'c'].map((manager) => [manager, 'the driver is done']),
    );
  });

  it('keeps nothing of managers that came and went', () => {
    const bench = new Bench({ heartbeatThresholdMs: 1e9 }).register('stays').submit(2);
    const keptAfter = (managers: number): number => {
      for (let i = 0; i < managers; i++) {
        const id = `m${bench.core.nextIndex}`;
        bench.register(id);
        // One that is full when it goes, one that has room, and so on.
        if (i % 2 === 0) bench.submit(2);
        bench.tell({ kind: 'left', manager: id, at: bench.at });
        bench.effects = [];
      }
      bench.core.dismissed.clear();
      return serialize({ ...bench.core, options: undefined }).length;
    };
    const few = keptAfter(30);
    expect(keptAfter(300)).to.be.below(few + 500);
  });

  it('remembers of those that it sent away the latest only', () => {
    const bench = new Bench({ heartbeatThresholdMs: 1e9 });
    for (let i = 0; i < 20_100; i++) {
      bench.register(`m${i}`).tell({ kind: 'left', manager: `m${i}`, at: bench.at });
      bench.effects = [];
    }
    expect([bench.core.dismissed.size, bench.core.dismissed.has('m0'), bench.core.dismissed.has('m20099')]).to.deep.equal([
      20_000,
      false,
      true,
    ]);
  });
});
