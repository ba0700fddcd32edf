import { expect } from 'chai';
import { step } from '../../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Registration } from '../../../../executors/high-throughput/interchange/core-events.ts';
import type { TaskGrant } from '../../../../executors/high-throughput/resources/grant.ts';
import { GENERATION } from '../../../../executors/high-throughput/resources/request-numbers.ts';
import type { NodesRequest } from '../../../../lib/resources/request.ts';
import { ResultStatus } from '../../../../lib/wire/records.ts';
import { nodeWith, variantOf } from '../../../support/resources.ts';
import { Bench, pairs } from './core-bench.ts';

type Node = Parameters<typeof nodeWith>[0];

/** A manager whose slots are all leased, unless `leased` says otherwise. */
const node = (given: Node = {}, more: Partial<Registration> = {}): Partial<Registration> => {
  const capacity = nodeWith({ cpus: [[0, 1, 2, 3]], slots: 4, ...given });
  return { capacity, slots: capacity.slots.length, ...more };
};

const nodes = (count: number, more: Partial<NodesRequest> = {}): NodesRequest => ({
  count,
  ranksPerNode: undefined,
  threadsPerRank: 1,
  gpusPerRank: 0,
  cpuBind: undefined,
  ...more,
});

const definition = (requestId: number): CoreEvent => ({ kind: 'requestDefined', requestId, request: { variants: [variantOf({})] } });

const idsOf = (granted: Record<string, TaskGrant[]>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(granted).map(([manager, grants]) => [manager, grants.map(({ taskId }) => taskId)]));

describe('interchange core: tasks that ask for resources', () => {
  it('asks for as many slots as are in the way, and grants what they release', () => {
    const bench = new Bench().request(1, { cores: 3 }).register('a', node()).submit(1, { requestId: 1 });
    expect(bench.leases()).to.deep.equal([{ manager: 'a', add: [], reclaim: 3 }]);
    expect(bench.release('a', 3, 1).granted()).to.deep.equal({});
    expect(bench.release('a', 2).granted()['a']?.[0]).to.deep.include({ taskId: 1, tryNumber: 1 });
    expect(bench.leases()).to.deep.equal([]);
  });

  it('grants at once what is beside the slots', () => {
    const bench = new Bench()
      .request(1, { cores: 2 })
      .register('a', node({ slots: 2 }))
      .submit(2, { requestId: 1 });
    expect(bench.granted()['a']?.map(({ taskId, grant }) => [taskId, grant.cpus.map(([cpu]) => cpu)])).to.deep.equal([[1, [2, 3]]]);
  });

  it('defines the function first, tells the driver who has what, and takes it back with the result', () => {
    const bench = new Bench()
      .request(1, { gpus: 1 })
      .register('a', node({ slots: 0, gpus: ['x'] }))
      .submit(2, { requestId: 1 });
    expect(bench.effects.map(({ kind }) => kind).filter((kind) => kind === 'sendDefine' || kind === 'sendGranted')).to.deep.equal([
      'sendDefine',
      'sendGranted',
    ]);
    expect(bench.reports('granted').map(({ index, grants }) => [index, grants.map(({ taskId }) => taskId)])).to.deep.equal([[0, [1]]]);
    bench.granted();
    expect(idsOf(bench.result('a', [1]).granted())).to.deep.equal({ a: [2] });
    expect(bench.forwarded()).to.deep.equal([1]);
  });

  it('gives nothing with a request to a manager that does not say what it has', () => {
    const bench = new Bench().request(1, {}).register('a').submit(1, { requestId: 1 });
    expect(bench.granted()).to.deep.equal({});
    expect(bench.placed()).to.deep.equal({});
  });

  it('takes the first variant that can be had now', () => {
    const bench = new Bench().request(1, { gpus: 1 }, { cores: 2 }).register('a', node({ slots: 0, gpus: ['x'] }));
    expect(
      bench
        .submit(3, { requestId: 1 })
        .granted()
        ['a']?.map(({ grant }) => grant.variant),
    ).to.deep.equal([0, 1]);
  });

  it('takes larger priorities first, then those for more nodes, then the older', () => {
    const bench = new Bench()
      .request(1, { cores: 4 })
      .request(2, { nodes: nodes(1) })
      .submit(1, { requestId: 1 })
      .submit(1, { requestId: 2 })
      .submit(1, { requestId: 1, priority: 1 })
      .register('a', node({ slots: 0 }));
    const order = [idsOf(bench.granted()), idsOf(bench.result('a', [3]).granted()), idsOf(bench.result('a', [2]).granted())];
    expect(order).to.deep.equal([{ a: [3] }, { a: [2] }, { a: [1] }]);
  });

  it('places what fits beside what does not', () => {
    const bench = new Bench()
      .request(1, { cores: 3 })
      .request(2, { cores: 1 })
      .register('a', node({ slots: 0 }));
    expect(idsOf(bench.submit(2, { requestId: 1 }).submit(1, { requestId: 2 }).granted())).to.deep.equal({ a: [1, 3] });
  });

  it('keeps a walltime: only where so much is left', () => {
    const bench = new Bench().request(1, {}).register('a', node({ slots: 0 }, { timeLeftMs: 1000 }));
    expect(bench.submit(1, { requestId: 1, walltimeMs: 5000 }).granted()).to.deep.equal({});
    expect(idsOf(bench.register('b', node({ slots: 0 })).granted())).to.deep.equal({ b: [1] });
  });

  describe('slots', () => {
    it('are given no tasks once they are asked back', () => {
      const bench = new Bench().request(1, { cores: 4 }).register('a', node()).submit(4).submit(1, { requestId: 1 });
      bench.placed();
      expect(bench.result('a', [1]).submit(1).placed()).to.deep.equal({});
    });

    it('are leased again when tasks wait that ask for nothing, as many as these need', () => {
      const bench = new Bench().request(1, { cores: 4 }).register('a', node()).submit(1, { requestId: 1 }).release('a', 0, 1, 2, 3);
      bench.leases();
      expect(bench.submit(2).leases()).to.deep.equal([]);
      expect(bench.result('a', [1]).leases()).to.deep.equal([{ manager: 'a', add: [0, 1], reclaim: 0 }]);
      expect(bench.placed()).to.deep.equal({ a: [2, 3] });
    });

    it('are no longer asked back when the task was cancelled', () => {
      const bench = new Bench().request(1, { cores: 4 }).register('a', node()).submit(4).submit(1, { requestId: 1 });
      bench.leases();
      bench.tell({ kind: 'cancel', pairs: pairs([5, 1]) });
      expect(bench.tell({ kind: 'tick', at: bench.at }).leases()).to.deep.equal([{ manager: 'a', add: [], reclaim: 0 }]);
    });

    it('are asked back from who has them idle', () => {
      const bench = new Bench().register('a', node()).submit(4).register('b', node()).request(1, { cores: 2 });
      expect(bench.submit(1, { requestId: 1 }).leases()).to.deep.equal([{ manager: 'b', add: [], reclaim: 2 }]);
    });

    it('stay with tasks of larger priority', () => {
      const bench = new Bench().request(1, { cores: 4 }).register('a', node()).submit(5, { priority: 1 }).submit(1, { requestId: 1 });
      expect(bench.leases()).to.deep.equal([]);
    });

    it('that were released count once, however often that is said, and not if it was before the registration', () => {
      const bench = new Bench().request(1, { cores: 1 }).register('a', node({}, { leased: [0, 1], firstSequence: 1, nextSequence: 3 }));
      bench.release('a', 1).release('a', 0);
      expect(bench.core.managers.get('a')?.leased).to.equal(2);
      bench.release('a', 1, 1, 7);
      expect(bench.core.managers.get('a')?.leased).to.equal(1);
    });

    it('that were all released take back nothing: what had been sent before is asked back', () => {
      const bench = new Bench({ prefetchCapacity: 4 }).request(1, { cores: 4 }).register('a', node()).submit(8).submit(1, { requestId: 1 });
      bench.release('a', 0, 1, 2, 3);
      expect(bench.take('sendRecall').map(({ count }) => count)).to.deep.equal([8]);
    });

    it('that a manager has no more when it comes back: what it holds for them is asked back until it has come', () => {
      const bench = new Bench().register('a', node()).submit(2);
      bench.register(
        'a',
        node(
          {},
          {
            attempt: 2,
            leased: [],
            held: [
              [1, 1],
              [2, 1],
            ],
          },
        ),
      );
      bench.take('sendRecall');
      bench.tell({ kind: 'tick', at: bench.at });
      expect(bench.take('sendRecall').map(({ count }) => count)).to.deep.equal([2]);
    });

    it('are filled also where tasks with requests run beside them, on a manager that is not trusted yet', () => {
      const bench = new Bench({ prefetchCapacity: 'auto' }).request(1, { cores: 1 });
      bench
        .register('a', node({ slots: 1 }))
        .register('b', node({ slots: 1 }))
        .submit(6, { requestId: 1 });
      bench.granted();
      expect(Object.keys(bench.submit(2).placed())).to.have.members(['a', 'b']);
    });

    it('come back to tasks that ask for nothing after a while, however many requests wait', () => {
      const bench = new Bench({ agingMs: 5000 }).request(1, { cores: 4 }).register('a', node()).submit(1, { requestId: 1 });
      bench.release('a', 0, 1, 2, 3).submit(3, { requestId: 1 }).submit(1);
      bench.leases();
      expect(bench.pass(3000).result('a', [1]).leases()).to.deep.equal([]);
      expect(bench.pass(4000).result('a', [2]).leases()).to.deep.equal([{ manager: 'a', add: [0], reclaim: 0 }]);
      expect(bench.placed()).to.deep.equal({ a: [5] });
    });
  });

  describe('who has waited for too long', () => {
    it('has a manager kept free until it fits, and others run beside it as long as it has not', () => {
      const bench = new Bench({ agingMs: 5000 })
        .request(1, { cores: 4 })
        .request(2, { cores: 1 })
        .register('a', node({ slots: 0 }));
      bench.submit(2, { requestId: 2 }).submit(1, { requestId: 1 });
      bench.granted();
      expect(idsOf(bench.submit(1, { requestId: 2 }).granted())).to.deep.equal({ a: [4] });
      expect(bench.pass(6000).submit(1, { requestId: 2 }).granted()).to.deep.equal({});
      expect(bench.result('a', [1]).result('a', [2]).granted()).to.deep.equal({});
      expect(idsOf(bench.result('a', [4]).granted())).to.deep.equal({ a: [3] });
      expect(idsOf(bench.result('a', [3]).granted())).to.deep.equal({ a: [5] });
    });

    it('has another one kept free where the first is lost', () => {
      const bench = new Bench({ agingMs: 5000 }).request(1, { cores: 4 }).request(2, { cores: 1 });
      bench
        .register('a', node({ slots: 0 }))
        .register('b', node({ slots: 0 }))
        .submit(5, { requestId: 2 })
        .submit(1, { requestId: 1 });
      bench.pass(6000);
      expect([...bench.core.demand.reserved.keys()].map(({ id }) => id)).to.deep.equal(['b']);
      bench.tell({ kind: 'left', manager: 'b', at: bench.at });
      expect([...bench.core.demand.reserved.keys()].map(({ id }) => id)).to.deep.equal(['a']);
    });

    it('is said with what it waits for', () => {
      const bench = new Bench({ agingMs: 5000 })
        .request(1, { cores: 4 })
        .request(2, { cores: 1 })
        .register('a', node({ slots: 0 }));
      bench.submit(2, { requestId: 2 }).submit(1, { requestId: 1 }).pass(7000);
      const [last] = bench.reports('load').slice(-1);
      expect(last?.waiting).to.deep.equal([
        {
          requestId: 1,
          priority: 0,
          tasks: 1,
          sinceMs: 1000,
          nodes: [{ host: 'host-a', count: 1, lacks: ['cores: 4 wanted, 2 there'] }],
          reserved: ['host-a'],
        },
      ]);
    });
  });

  it('waits for whole nodes: how many there are, and how many of them are free', () => {
    const bench = new Bench().request(1, { nodes: nodes(2) }).request(2, { cores: 1 });
    for (const [id, blockId] of [
      ['a', '0'],
      ['b', '0'],
      ['c', '1'],
    ] as const)
      bench.register(id, node({ slots: 0 }, { blockId }));
    bench.submit(1, { requestId: 2 }).submit(1, { requestId: 1 }).pass(1000);
    const [last] = bench.reports('load').slice(-1);
    expect(last?.waiting.map((lane) => lane.nodes)).to.deep.equal([
      [{ host: 'host-a', count: 3, lacks: [], whole: { wanted: 2, free: 2, mostInBlock: 1 } }],
    ]);
  });

  describe('several nodes', () => {
    const pair = () => new Bench().request(1, { nodes: nodes(2, { threadsPerRank: 2 }) }).request(2, { cores: 1 });

    it('are whole nodes of one block; the first runs the task and is told of all', () => {
      const bench = pair()
        .register('a', node({ slots: 0 }, { blockId: '0' }))
        .register('b', node({ slots: 0 }, { blockId: '1' }));
      expect(bench.submit(2, { requestId: 1 }).granted()).to.deep.equal({});
      const granted = bench.register('c', node({ slots: 0 }, { blockId: '1' })).granted();
      expect(idsOf(granted)).to.deep.equal({ b: [1] });
      expect(granted['b']?.[0]?.grant).to.deep.include({
        nodes: [
          { managerId: 'b', host: 'host-b' },
          { managerId: 'c', host: 'host-c' },
        ],
        ranks: { ranksPerNode: 2, threadsPerRank: 2, gpusPerRank: 0 },
      });
      expect(bench.submit(9, { requestId: 2 }).granted()).to.have.all.keys('a');
      expect(idsOf(bench.result('b', [1]).granted())).to.have.all.keys('b');
    });

    it('go to no more tasks of a block at once than it may have, and are asked for nothing before', () => {
      const bench = new Bench({ maxGangsPerBlock: 1 }).request(1, { nodes: nodes(1) });
      bench.register('a', node({ slots: 0 }, { blockId: '0' })).register('b', node({}, { blockId: '0' }));
      expect(idsOf(bench.submit(3, { requestId: 1 }).granted())).to.deep.equal({ a: [1] });
      expect(bench.pass(60_000).leases()).to.deep.equal([]);
      expect(idsOf(bench.register('c', node({ slots: 0 }, { blockId: '1' })).granted())).to.deep.equal({ c: [2] });
      expect(idsOf(bench.result('a', [1]).granted())).to.deep.equal({ a: [3] });
    });

    it('are asked for all their slots', () => {
      const bench = pair().register('a', node()).register('b', node()).submit(1, { requestId: 1 });
      expect(bench.leases()).to.deep.equal([
        { manager: 'a', add: [], reclaim: 4 },
        { manager: 'b', add: [], reclaim: 4 },
      ]);
      bench.release('a', 0, 1, 2, 3);
      expect(bench.submit(1).leases(), 'they are counted on').to.deep.equal([]);
      expect(idsOf(bench.release('b', 0, 1, 2, 3).granted())).to.deep.equal({ a: [1] });
    });

    it('are lost together: the try is reported with the node, and the others are in use until it has ended', () => {
      const bench = pair()
        .register('a', node({ slots: 0 }))
        .register('b', node({ slots: 0 }))
        .submit(1, { requestId: 1 });
      bench.granted();
      bench.tell({ kind: 'left', manager: 'b', at: bench.at });
      expect(bench.reports('managerLost').map(({ managerId, tasks }) => ({ managerId, tasks }))).to.deep.equal([
        { managerId: 'b', tasks: [[1, 1]] },
      ]);
      expect(bench.take('sendCancel').map(({ manager }) => manager)).to.deep.equal(['a']);
      expect(bench.submit(1, { requestId: 2 }).granted()).to.deep.equal({});
      expect(idsOf(bench.result('a', [1], { status: ResultStatus.Cancelled }).granted())).to.deep.equal({ a: [2] });
      expect(bench.forwarded()).to.deep.equal([]);
    });

    const clears = (bench: Bench) => bench.take('sendClear').map(({ manager, pairs: sent }) => ({ manager, sent }));
    const inUse = (bench: Bench) => [...bench.core.managers.values()].filter(({ grants }) => grants.size > 0).map(({ id }) => id);

    for (const [title, end] of [
      ['its first node’s manager is lost', (bench: Bench) => bench.tell({ kind: 'left', manager: 'a', at: bench.at })],
      ['it has failed', (bench: Bench) => bench.result('a', [1], { status: ResultStatus.Failed })],
      ['that manager comes back without it', (bench: Bench) => bench.register('a', node({ slots: 0 }, { attempt: 2 }))],
    ] as const) {
      it(`are in use until each says that nothing of the task is left there, when ${title}`, () => {
        const bench = new Bench().request(1, { nodes: nodes(3) }).request(2, { cores: 4 });
        for (const id of ['a', 'b', 'c']) bench.register(id, node({ slots: 0 }));
        bench.submit(1, { requestId: 1 }).granted();
        end(bench);
        expect(clears(bench)).to.deep.equal(['b', 'c'].map((manager) => ({ manager, sent: pairs([1, 1]) })));
        expect(inUse(bench)).to.include.members(['b', 'c']).and.not.include('a');
        bench.register('c', node({ slots: 0 }, { attempt: 2 }));
        expect(clears(bench), 'it may not have heard it').to.deep.equal([{ manager: 'c', sent: pairs([1, 1]) }]);
        bench.result('b', [1], { status: ResultStatus.Cancelled });
        expect(inUse(bench)).to.include('c').and.not.include('b');
        bench.result('c', [1], { status: ResultStatus.Cancelled });
        expect([inUse(bench).filter((id) => id !== 'a'), bench.core.gangs.size]).to.deep.equal([[], 0]);
      });
    }

    it('are free at once when it was done, and one that is lost is waited for no more', () => {
      const bench = pair();
      for (const id of ['a', 'b']) bench.register(id, node({ slots: 0 }));
      bench.submit(2, { requestId: 1 }).granted();
      bench.result('a', [1]);
      expect(clears(bench)).to.deep.equal([]);
      expect(idsOf(bench.granted())).to.deep.equal({ a: [2] });
      bench.tell({ kind: 'left', manager: 'a', at: bench.at }).tell({ kind: 'left', manager: 'b', at: bench.at });
      expect(bench.reports('managerLost').map(({ managerId }) => managerId)).to.deep.equal(['a']);
      expect(bench.core.gangs.size).to.equal(0);
    });

    it('are left alone where their block has as many such tasks as it may have', () => {
      const bench = new Bench({ maxGangsPerBlock: 1, agingMs: 5000 }).request(1, { nodes: nodes(1) }).request(2, { cores: 1 });
      bench
        .register('a', node({ slots: 0 }))
        .register('b', node())
        .submit(2, { requestId: 1 });
      expect(idsOf(bench.granted())).to.deep.equal({ a: [1] });
      bench.pass(7000);
      expect(bench.leases(), 'slots are not asked back for nothing').to.deep.equal([]);
      expect(bench.core.demand.reserved.size).to.equal(0);
      expect(idsOf(bench.result('a', [1]).granted())).to.deep.equal({ a: [2] });
    });

    it('drain together', () => {
      const bench = pair()
        .register('a', node({ slots: 0 }))
        .register('b', node({ slots: 0 }))
        .submit(1, { requestId: 1 });
      bench.tell({ kind: 'drain', manager: 'b', at: bench.at });
      expect(bench.reports('managerLeft')).to.deep.equal([]);
      expect(
        bench
          .result('a', [1])
          .reports('managerLeft')
          .map(({ managerId }) => managerId),
      ).to.deep.equal(['b']);
    });
  });

  describe('a manager that comes back', () => {
    const grant = {
      variant: 0,
      cpus: [
        [0, 1],
        [1, 1],
      ] as const,
      gpus: [],
      memoryBytes: 0,
      custom: {},
    };

    it('to another interchange says what its tasks have, and nobody else gets that', () => {
      const bench = new Bench().request(1, { cores: 2 });
      bench.tell({ kind: 'recover', managers: ['a'], tasks: 2, graceMs: 100, at: bench.at }).submit(2, { requestId: 1 });
      bench.register('a', node({ slots: 0 }, { held: [[1, 1]], grants: [{ taskId: 1, tryNumber: 1, grant }] }));
      expect(bench.granted()['a']?.map(({ taskId, grant: { cpus } }) => [taskId, cpus.map(([cpu]) => cpu)])).to.deep.equal([[2, [2, 3]]]);
      expect(bench.forwarded()).to.deep.equal([]);
    });

    it('keeps what it has for tries that nobody waits for, until it says that they have ended', () => {
      const bench = new Bench().request(1, { cores: 4 });
      bench.register('a', node({ slots: 0 }, { held: [[7, 1]], grants: [{ taskId: 7, tryNumber: 1, grant }] }));
      expect(bench.submit(1, { requestId: 1 }).granted()).to.deep.equal({});
      expect(bench.take('sendCancel')).to.have.length(1);
      expect(idsOf(bench.result('a', [7], { status: ResultStatus.Cancelled }).granted())).to.deep.equal({ a: [1] });
    });

    it('without the task has given back what that had', () => {
      const bench = new Bench()
        .request(1, { cores: 4 })
        .register('a', node({ slots: 0 }))
        .submit(2, { requestId: 1 });
      bench.granted();
      bench.register('a', node({ slots: 0 }, { attempt: 2 }));
      expect(bench.forwarded()).to.deep.equal([1]);
      expect(idsOf(bench.granted())).to.deep.equal({ a: [2] });
    });

    it('as part of a task on several nodes is whole, whichever comes first', () => {
      for (const order of [
        ['a', 'b'],
        ['b', 'a'],
      ] as const) {
        const bench = new Bench().request(1, { nodes: nodes(2) }).request(2, { cores: 1 });
        bench.tell({ kind: 'recover', managers: ['a', 'b'], tasks: 1, graceMs: 100, at: bench.at }).submit(1, { requestId: 1 });
        const both = { nodes: ['a', 'b'].map((managerId) => ({ managerId, host: `host-${managerId}` })) };
        const whole = { ...grant, cpus: [0, 1, 2, 3].map((cpu) => [cpu, 1] as const), ...both };
        for (const id of order) {
          const held = id === 'a' ? { held: [[1, 1]] as [number, number][], grants: [{ taskId: 1, tryNumber: 1, grant: whole }] } : {};
          bench.register(id, node({ slots: 0 }, held));
        }
        expect(bench.submit(1, { requestId: 2 }).granted()).to.deep.equal({});
        expect(Object.values(idsOf(bench.result('a', [1]).granted()))).to.deep.equal([[2]]);
      }
    });
  });

  it('forgets requests of earlier generations, but for those that are waited for', () => {
    const bench = new Bench();
    for (let i = 1; i <= GENERATION; i++) step(bench.core, definition(i));
    bench.submit(1, { requestId: 7 });
    for (let i = 1; i <= 2 * GENERATION; i++) step(bench.core, definition(GENERATION + i));
    expect(bench.core.requests.size).to.equal(GENERATION + 1);
    expect(bench.register('a', node({ slots: 0 })).granted()['a']?.[0]).to.deep.include({ taskId: 1 });
    step(bench.core, definition(3 * GENERATION + 1));
    expect([...bench.core.requests.keys()]).to.deep.equal([3 * GENERATION + 1]);
  });
});
