import { expect } from 'chai';
import { type Core, type CoreOptions, createCore, step } from '../../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Effect, Registration, Report } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { encodeResult, readResult, recordEnd, ResultStatus, TaskFlag } from '../../../../lib/wire/records.ts';
import { encodeTasks } from './simulation/simulated-driver.ts';

/** A core with its clock, and what it ordered since it was last asked. */
class Bench {
  at = 1000;
  readonly core: Core;
  effects: Effect[] = [];
  #nextTask = 1;
  readonly #sequences = new Map<string, number>();

  constructor(options: Partial<CoreOptions> = {}) {
    this.core = createCore({
      protocol: 1, packageVersion: '1.0.0', heartbeatPeriodMs: 100, heartbeatThresholdMs: 1000, prefetchCapacity: 0, managerSelector: 'random',
      pick: () => 0, ...options,
    });
    this.tell({ kind: 'defined', fnId: 1, bytes: Buffer.from('one') }, { kind: 'defined', fnId: 2, bytes: Buffer.from('two') });
  }

  /** One turn of the event loop. */
  tell(...events: CoreEvent[]): this {
    for (const event of events) this.effects.push(...step(this.core, event));
    this.effects.push(...step(this.core, { kind: 'turnEnded' }));
    return this;
  }

  take<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    const taken = this.effects.filter((effect) => effect.kind === kind);
    this.effects = this.effects.filter((effect) => effect.kind !== kind);
    return taken as Extract<Effect, { kind: K }>[];
  }

  reports<K extends Report['kind']>(kind: K): Extract<Report, { kind: K }>[] {
    return this.take('emit').map(({ report }) => report).filter((report): report is Extract<Report, { kind: K }> => report.kind === kind);
  }

  register(manager: string, registration: Partial<Registration> = {}): this {
    return this.tell({
      kind: 'registered', manager, at: this.at,
      registration: {
        protocol: 1, version: '1.0.0', blockId: '0', host: `host-${manager}`, slots: 2, attempt: 1, firstSequence: 1, held: [], defined: [], info: {}, ...registration,
      },
    });
  }

  submit(count: number, { fnId = 1, priority = 0, flags = 0 } = {}): this {
    const tasks = Array.from({ length: count }, () => ({ taskId: this.#nextTask++, tryNumber: 1, fnId, flags }));
    return this.tell({ kind: 'tasksArrived', priority, records: encodeTasks(tasks) });
  }

  result(manager: string, taskIds: number[], { durationUs = 1_000_000, tryNumber = 1, fnId = 1, status = ResultStatus.Ok as ResultStatus } = {}): this {
    const sequence = (this.#sequences.get(manager) ?? 0) + 1;
    this.#sequences.set(manager, sequence);
    const records = taskIds.map((taskId) => encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs: 0, worker: 0 }));
    return this.tell({ kind: 'resultsArrived', manager, sequence, records: [Buffer.concat(records)], at: this.at });
  }

  /** Task ids sent, per manager, since it was last asked. */
  placed(): Record<string, number[]> {
    const placed: Record<string, number[]> = {};
    for (const { manager, parts } of this.take('sendTasks')) (placed[manager] ??= []).push(...parts.flatMap((part) => idsOf(part)));
    return placed;
  }

  forwarded(): number[] {
    return this.take('forwardResults').flatMap(({ records }) => idsOf(records));
  }
}

function idsOf(records: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) ids.push(records.readUInt32LE(at + 4));
  return ids;
}

const pairs = (...tries: [number, number][]): Buffer => {
  const bytes = Buffer.alloc(tries.length * 8);
  tries.forEach(([taskId, tryNumber], i) => {
    bytes.writeUInt32LE(taskId, i * 8);
    bytes.writeUInt32LE(tryNumber, i * 8 + 4);
  });
  return bytes;
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('interchange core', () => {
  describe('placing', () => {
    const rows: { title: string; options?: Partial<CoreOptions>; act: (bench: Bench) => void; placed: Record<string, number[]> }[] = [
      { title: 'fills the slots and no more with prefetch 0', act: (b) => b.register('a').submit(5), placed: { a: [1, 2] } },
      { title: 'sends N beyond the slots with prefetch N', options: { prefetchCapacity: 2 }, act: (b) => b.register('a').submit(9), placed: { a: [1, 2, 3, 4] } },
      { title: 'sends tasks of unknown length to free slots only with prefetch auto', options: { prefetchCapacity: 'auto' }, act: (b) => b.register('a').submit(9), placed: { a: [1, 2] } },
      { title: 'spreads tasks of unknown length over the free slots of all managers', act: (b) => b.register('a').register('b').submit(2), placed: { a: [1], b: [2] } },
      {
        title: 'fills every free slot before it sends anything beyond', options: { prefetchCapacity: 1 },
        act: (b) => b.register('a').register('b').submit(4), placed: { a: [1, 3], b: [2, 4] },
      },
      {
        title: 'prefers the less loaded manager', options: {},
        act: (b) => { b.register('a', { slots: 4 }).submit(3).register('b', { slots: 4 }); b.placed(); b.submit(2); }, placed: { b: [4, 5] },
      },
      {
        title: 'fills the oldest block first with selector blockId', options: { managerSelector: 'blockId' },
        act: (b) => b.register('a', { blockId: '10' }).register('b', { blockId: '9' }).submit(3), placed: { b: [1, 2], a: [3] },
      },
      {
        title: 'fills free slots of younger blocks before it sends anything beyond, also with selector blockId',
        options: { managerSelector: 'blockId', prefetchCapacity: 2 },
        act: (b) => b.register('a', { blockId: '0', slots: 1 }).register('b', { blockId: '1', slots: 1 }).submit(3), placed: { a: [1, 3], b: [2] },
      },
      { title: 'takes larger priorities first', act: (b) => b.submit(1, { priority: -1 }).submit(1, { priority: 5 }).submit(1).register('a'), placed: { a: [2, 3] } },
      { title: 'keeps first-in first-out within a priority', act: (b) => b.submit(1).submit(1).submit(1).register('a', { slots: 3 }), placed: { a: [1, 2, 3] } },
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
      expect(known(100).submit(1000).placed()['a']).to.have.length(80);
    });

    it('does not send tasks known to be long ahead', () => {
      expect(known(20_000).submit(1000).placed()['a']).to.have.length(2);
    });

    it('never sends a task that must be alone ahead, however short', () => {
      expect(known(100).submit(10, { flags: TaskFlag.Solo }).placed()['a']).to.have.length(2);
    });

    it('counts a slot that is taken by a long task out of what it sends ahead', () => {
      expect(known(100).submit(1, { fnId: 2 }).submit(1000).placed()['a']).to.have.length(1 + 40);
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
      bench.tell({ kind: 'resultsArrived', manager: 'a', sequence: 1, records: [Buffer.from('garbage, not records at all')], at: bench.at });
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
      const large = encodeResult({ taskId: 1, tryNumber: 1, fnId: 1, status: ResultStatus.Ok, durationUs: 1, startMs: 0, worker: 0 }, Buffer.alloc(2 << 20));
      bench.tell({ kind: 'resultsArrived', manager: 'a', sequence: 1, records: [large], at: bench.at });
      bench.tell({ kind: 'resultsWritten', manager: 'a', sequence: 1 });
      expect(bench.take('sendHeartbeat')[0]?.acknowledged).to.equal(1);
    });
  });

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
        bench.tell(said === 'heartbeat'
          ? { kind: 'heartbeat', manager: 'x', sequence: 3, at: bench.at }
          : { kind: 'resultsArrived', manager: 'x', sequence: 3, records: [Buffer.alloc(0)], at: bench.at });
        expect(bench.effects.map(({ kind }) => kind)).to.deep.equal(['log', 'sendWhoAreYou']);
      });
    }

    it('loses a manager that was silent for longer than the threshold, with the tries that were there', () => {
      const bench = new Bench().register('a').submit(3);
      bench.tell({ kind: 'tick', at: bench.at });
      for (const at of [1500, 1900, 2001]) bench.tell({ kind: 'tick', at });
      const [lost] = bench.reports('managerLost');
      expect(lost?.tasks).to.deep.equal([[1, 1], [2, 1]]);
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
      const bench = new Bench().register('a', { blockId: '7' }).register('b').submit(1).tell({ kind: 'blockEnded', block: '7', graceMs: 50, at: 1000 });
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
      const bench = new Bench().register('a').submit(1).tell({ kind: 'drain', manager: 'a', graceMs: 200, at: 1000 }, { kind: 'tick', at: 1200 });
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
      const bench = new Bench().register('a').submit(1).tell({ kind: 'cancel', pairs: pairs([1, 1]) });
      expect(bench.take('sendCancel').map(({ manager, pairs: sent }) => [manager, sent])).to.deep.equal([['a', pairs([1, 1])]]);
    });

    it('leaves unknown tries alone', () => {
      const bench = new Bench().register('a').submit(3);
      bench.effects = [];
      bench.tell({ kind: 'cancel', pairs: pairs([1, 2], [99, 1]) });
      expect(bench.effects).to.deep.equal([]);
    });

    it('asks again when the manager registers again', () => {
      const bench = new Bench().register('a').submit(1).tell({ kind: 'cancel', pairs: pairs([1, 1]) });
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
      const bench = new Bench().tell(recover(['a', 'b'], 5)).submit(5).register('a', { held: [[1, 1], [2, 1]] });
      expect(bench.placed()).to.deep.equal({});
      bench.register('b', { held: [[4, 1]], slots: 3 });
      expect(bench.placed()).to.deep.equal({ b: [3, 5] });
      expect(bench.reports('recovered')).to.deep.equal([{ kind: 'recovered', managers: 2, missing: [], requeued: 2 }]);
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
      const bench = new Bench().tell(recover(['a', 'gone'], 2)).submit(2).register('a', { held: [[1, 1]] });
      bench.tell({ kind: 'tick', at: 1300 });
      const [results] = bench.take('forwardResults');
      expect(readResult(results?.records as Buffer, 0)).to.include({ taskId: 2, status: ResultStatus.Unstarted });
      expect(bench.reports('recovered')[0]).to.include({ requeued: 0 });
    });

    it('cancels what a manager holds and nobody waits for', () => {
      const bench = new Bench().tell(recover(['a'], 1)).submit(1).register('a', { held: [[1, 1], [50, 1]] });
      expect(bench.take('sendCancel')[0]?.pairs).to.deep.equal(pairs([50, 1]));
      expect(bench.core.managers.get('a')?.inFlight.has(50)).to.equal(false);
    });

    it('cancels a task that waits while recovering, also where it runs after all', () => {
      const bench = new Bench().tell(recover(['a'], 1)).submit(1).tell({ kind: 'cancel', pairs: pairs([1, 1]) });
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
      ['a', 'b', 'c'].map((manager) => [manager, 'the driver is done']));
  });
});
