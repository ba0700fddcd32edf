import { expect } from 'chai';
import type { WaitingLane } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { GivenResources } from '../../../../executors/high-throughput/resources/given.ts';
import { describeWaiting } from '../../../../executors/high-throughput/resources/waiting-words.ts';
import type { GrantedTry } from '../../../../lib/executor.ts';

describe('what is said of a task that asks for resources', () => {
  const grant = {
    variant: 0,
    cpus: [
      [0, 1],
      [1, 1],
      [4, 1],
    ] as const,
    gpus: [[1, 0.5]] as const,
    memoryBytes: 2 ** 30,
    custom: { licence: 2, port: ['x', 'y'] },
  };

  it('while it has them: where and which', () => {
    const given = new GivenResources();
    const told: GrantedTry[] = [];
    given.add({ managerId: 'm', host: 'n1' }, [{ taskId: 1, tryNumber: 2, grant }], { tryGranted: (one) => void told.push(one) });
    expect(given.describe(1)).to.equal('it runs, or is about to, on n1 with CPUs 0-1,4, GPU 0.5 of 1, 1 GiB, licence 2, port x, y');
    expect(told).to.deep.equal([{ taskId: 1, tryNumber: 2, grant, host: 'n1', manager: 'm' }]);
    given.drop(1, 1);
    expect(given.size, 'another try').to.equal(1);
    given.drop(1, 2);
    expect(given.describe(1)).to.equal(undefined);
  });

  it('while it has nodes: all of them', () => {
    const given = new GivenResources();
    const nodes = ['n1', 'n2', 'n3'].map((host) => ({ managerId: host, host }));
    given.add({ managerId: 'n1', host: 'n1' }, [{ taskId: 1, tryNumber: 1, grant: { ...grant, nodes } }], {});
    expect(given.describe(1)).to.match(/^it runs, or is about to, on n1 and n2, n3 with CPUs/);
  });

  const lane: WaitingLane = {
    requestId: 2,
    priority: 0,
    tasks: 3,
    sinceMs: 10_000,
    nodes: [
      { host: 'n1', count: 4, lacks: ['gpus: 2 wanted, 1 there'] },
      { host: 'n9', count: 1, lacks: [] },
    ],
    reserved: ['n2', 'n3'],
  };
  const other = { ...lane, requestId: 1, tasks: 5 };

  const rows: [title: string, lane: WaitingLane | undefined, text: string][] = [
    ['nothing yet', undefined, 'it is on its way, or waits for resources of its own'],
    [
      'what is missing, what is kept free, and who is first',
      lane,
      'it waits for resources: the least busy of 4 nodes like n1 lacks them (gpus: 2 wanted, 1 there), n9 has them, but is kept free ' +
        'for others, or is one of too few; n2, n3 are kept free for it; the first of 3 that ask for the same has waited for 20 s, and 5 other(s) that ask for resources come first',
    ],
    [
      'that there are no such nodes',
      { ...lane, nodes: [], reserved: [] },
      'it waits for resources: no node that could have them is there; the first of 3 that ask for the same has waited for 20 s, and 5 other(s) that ask for resources come first',
    ],
  ];
  for (const [title, waiting, text] of rows) {
    it(`while it waits: ${title}`, () => {
      expect(describeWaiting(waiting, waiting === undefined ? [other] : [other, waiting], 30_000)).to.equal(text);
    });
  }
});
