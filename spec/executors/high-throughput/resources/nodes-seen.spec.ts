import { expect } from 'chai';
import { NodesSeen } from '../../../../executors/high-throughput/resources/nodes-seen.ts';
import { unpackWireError } from '../../../../lib/errors/index.ts';
import type { TryRequest } from '../../../../lib/executor.ts';
import type { RequestVariant } from '../../../../lib/resources/request.ts';
import { nodeWith, variantOf } from '../../../support/resources.ts';

const onNodes = (count: number): Partial<RequestVariant> => ({
  nodes: { count, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined },
});

const asking = (...variants: Partial<RequestVariant>[]): TryRequest => ({
  taskId: 1,
  tryNumber: 1,
  fn: { fnId: 1, name: 'f', definition: Buffer.alloc(0) },
  flags: 0,
  priority: 0,
  resources: { variants: variants.map(variantOf) },
  context: Buffer.alloc(0),
  args: Buffer.alloc(0),
});

let managers = 0;
function register(nodes: NodesSeen, blockId: string, capacity = nodeWith({ cpus: [[0, 1, 2, 3]], gpus: ['0'], slots: 4 })): boolean {
  const managerId = `m${managers++}`;
  return nodes.registered({ managerId, host: 'n1', blockId, capacity });
}

const messageOf = (nodes: NodesSeen, request: TryRequest): string | undefined => {
  const refused = nodes.refuse(request);
  return refused && unpackWireError(refused.body).message;
};

const DECLARED = ['fpga', 'licence'];

describe('the nodes that an executor has seen', () => {
  it('rule nothing out before there are any, but what the config does', () => {
    const nodes = new NodesSeen('htex', 2, DECLARED);
    expect(nodes.refuse(asking({ cores: 999 }))).to.equal(undefined);
    expect(nodes.refuse(asking(onNodes(2)))).to.equal(undefined);
    expect(messageOf(nodes, asking(onNodes(3)))).to.contain('a block (nodes: 3 wanted, 2 there)');
  });

  it('speak for all that will come once a block is complete', () => {
    const nodes = new NodesSeen('htex', 2, DECLARED);
    expect(register(nodes, '0')).to.equal(false);
    expect(nodes.refuse(asking({ cores: 5 }))).to.equal(undefined);
    expect(register(nodes, '0')).to.equal(true);
    expect(messageOf(nodes, asking({ cores: 5 }))).to.contain('2 nodes like n1 (cores: 5 wanted, 4 there)');
    expect(nodes.hopelessAmong([asking({ cores: 5 }), asking({ cores: 4 }), { ...asking(), resources: undefined }])).to.have.length(1);
    expect(register(nodes, '1'), 'again').to.equal(false);
  });

  it('say for every kind of node what is missing, and for every way to run', () => {
    const nodes = new NodesSeen('htex', 1, DECLARED);
    register(nodes, '0');
    register(nodes, '1', nodeWith({ cpus: [[0, 1]], gpus: ['0', '1', '2'] }));
    expect(messageOf(nodes, asking({ cores: 3, gpus: 2 }))).to.contain(
      '1 node, n1 (gpus: 2 wanted, 1 there), 1 node, n1 (cores: 3 wanted, 2 there)',
    );
    expect(messageOf(nodes, asking({ gpus: 4 }, { memoryBytes: 2 ** 34 }))).to.contain(
      '(gpus: 4 wanted, 1 there; or memory: 16 GiB wanted, 1 GiB there)',
    );
    expect(nodes.refuse(asking({ gpus: 4 }, { cores: 4 }))).to.equal(undefined);
  });

  it('count nodes that would do, block by block', () => {
    const nodes = new NodesSeen('htex', 2, DECLARED);
    register(nodes, '0');
    register(nodes, '0', nodeWith({ cpus: [[0]] }));
    expect(nodes.refuse(asking({ ...onNodes(2), cores: 1 }))).to.equal(undefined);
    expect(messageOf(nodes, asking({ ...onNodes(2), cores: 2 }))).to.contain('nodes: 2 wanted, 1 there');
  });

  it('have no kinds but those of the config, also before there are any, and the nearest of these is named', () => {
    const nodes = new NodesSeen('htex', 1, DECLARED);
    expect(nodes.refuse(asking({ custom: { licence: 999 } }))).to.equal(undefined);
    expect(messageOf(nodes, asking({ custom: { license: 1 } }))).to.contain(
      "any node (license: 1 wanted, 0 there (did you mean 'licence'?))",
    );
    expect(nodes.refuse(asking({ custom: { license: 1 } }, {}))).to.equal(undefined);
    register(nodes, '0', nodeWith({ cpus: [[0]], custom: { licence: 1 } }));
    expect(messageOf(nodes, asking({ cores: 2, custom: { license: 1 } }))).to.contain(
      "1 node, n1 (cores: 2 wanted, 1 there, license: 1 wanted, 0 there (did you mean 'licence'?))",
    );
    expect(messageOf(nodes, asking({ custom: { card: 1 } }))).to.contain('(card: 1 wanted, 0 there);');
  });

  it('know units with names to be whole', () => {
    const nodes = new NodesSeen('htex', 1, DECLARED);
    register(nodes, '0', nodeWith({ custom: { fpga: ['a', 'b'] } }));
    expect(nodes.refuse(asking({ custom: { fpga: 2 } }))).to.equal(undefined);
    expect(messageOf(nodes, asking({ custom: { fpga: 0.5 } }))).to.contain('whole fpga: 0.5 wanted, 0 there');
  });

  const weights: [what: string, variant: Partial<RequestVariant>, slots: number][] = [
    ['half a node', { cores: 2 }, 2],
    ['the GPU of a node', { gpus: 1 }, 4],
    ['a quarter of a GPU', { gpus: 0.25 }, 1],
    ['three nodes', onNodes(3), 12],
  ];
  for (const [what, variant, slots] of weights) {
    it(`count ${what} as ${slots} of its four slots`, () => {
      const nodes = new NodesSeen('htex', 3, DECLARED);
      expect(nodes.weightOf(asking(variant).resources as never)).to.equal(variant.nodes?.count ?? 1);
      register(nodes, '0');
      expect(nodes.weightOf(asking(variant).resources as never)).to.equal(slots);
    });
  }

  it('are counted by what they have, however many come: blocks of other nodes that came long before are not forgotten', () => {
    const nodes = new NodesSeen('htex', 1, DECLARED);
    register(nodes, 'with gpus', nodeWith({ gpus: ['0', '1'] }));
    for (let i = 0; i < 11_000; i++) register(nodes, `${i}`);
    expect(nodes.refuse(asking({ gpus: 2 }))).to.equal(undefined);
    expect(messageOf(nodes, asking({ gpus: 3 }))).to.contain('10000 nodes like n1');
  });

  it('of a block that never came up as a whole are forgotten behind a thousand others', () => {
    const nodes = new NodesSeen('htex', 2, DECLARED);
    const large = nodeWith({ cpus: [[0, 1, 2, 3, 4, 5, 6, 7]] });
    for (const block of ['a', 'a']) register(nodes, block);
    register(nodes, 'half', large);
    expect(nodes.refuse(asking({ cores: 8 }))).to.equal(undefined);
    for (let i = 0; i < 1000; i++) register(nodes, `half ${i}`);
    expect(messageOf(nodes, asking({ cores: 8 }))).to.contain('nothing at executor');
  });
});
