import { expect } from 'chai';
import type { WaitingLane } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { GivenResources } from '../../../../executors/high-throughput/resources/given.ts';
import { describeGrant } from '../../../../executors/high-throughput/resources/grant-words.ts';
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
    expect(given.describe(1)).to.equal('it runs, or is about to, on n1 with CPUs 0-1,4, 0.5 of GPU 1, 1 GiB, licence 2, port x, y');
    expect(told).to.deep.equal([{ taskId: 1, tryNumber: 2, grant, host: 'n1', manager: 'm' }]);
    given.tell(1, 1, { tryGranted: (one) => void told.push(one) });
    given.tell(1, 2, { tryGranted: (one) => void told.push(one) });
    expect(told, 'told again, of this try only').to.have.length(2);
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

  it('while it has parts of devices: which parts', () => {
    const parts = {
      cpus: [[3, 0.5]] as const,
      gpus: [
        [0, 1],
        [2, 1],
      ] as const,
      memoryBytes: 0,
      custom: {},
    };
    expect(describeGrant(parts)).to.equal('0.5 of CPU 3, GPUs 0,2');
  });

  const whole = (count: number, wanted: number, free: number, mostInBlock = free): WaitingLane => ({
    ...lane,
    nodes: [{ host: 'n1', count, lacks: [], whole: { wanted, free, mostInBlock } }],
    reserved: [],
  });
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
    ['a whole node', whole(1, 1, 0), 'it waits for a whole node that nobody uses: n1 is in use'],
    ['one of several', whole(4, 1, 0), 'it waits for a whole node that nobody uses: of 4 nodes like n1 none is free'],
    ['several', whole(4, 3, 1), 'it waits for 3 whole nodes of one block that nobody uses: of 4 nodes like n1 1 is free'],
    [
      'several of one block',
      whole(4, 3, 3, 2),
      'it waits for 3 whole nodes of one block that nobody uses: of 4 nodes like n1 3 are free, 2 at most in one block',
    ],
    [
      'nodes that are there, and not for it',
      whole(4, 2, 2),
      'it waits for 2 whole nodes of one block that nobody uses: of 4 nodes like n1 2 are free, but kept free for others, too near the end ' +
        'of their time, or of blocks that have as many such tasks as they may',
    ],
  ];
  for (const [title, waiting, text] of rows) {
    it(`while it waits: ${title}`, () => {
      expect(describeWaiting(waiting, waiting === undefined ? [other] : [other, waiting], 30_000)).to.satisfy(
        (said: string) => said.startsWith(text),
        text,
      );
    });
  }
});
