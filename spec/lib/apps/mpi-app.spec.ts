import { expect } from 'chai';
import { DefinitionError, InvalidOptionError, mpiApp } from '../../../index.ts';
import type { CompiledAppOptions } from '../../../lib/apps/options.ts';
import { compileResources } from '../../../lib/resources/compile-resources.ts';
import { onNodes } from '../../../lib/resources/on-nodes.ts';
import type { NodesRequest } from '../../../lib/resources/request.ts';

const nodesOf = (resources: unknown, args: readonly unknown[] = []): (NodesRequest | undefined)[] => {
  const compiled: CompiledAppOptions['resources'] =
    resources === undefined ? undefined : compileResources(resources, 'app', 'resources', 'bash');
  const asked = onNodes(compiled);
  const perTry = asked.kind === 'known' ? asked.perTry : asked.compute(args);
  return perTry.flatMap(({ variants }) => variants.map(({ nodes }) => nodes));
};

describe('an mpiApp', () => {
  const ONE = { count: 1, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined };
  const rows: [title: string, resources: unknown, expected: Partial<NodesRequest>[]][] = [
    ['nothing', undefined, [ONE]],
    ['no nodes', { memory: '1GiB' }, [ONE]],
    ['ranks alone', { ranksPerNode: 4 }, [{ ...ONE, ranksPerNode: 4 }]],
    [
      'nodes',
      { nodes: 3, threadsPerRank: 2, gpusPerRank: 1, cpuBind: 'core' },
      [{ ...ONE, count: 3, threadsPerRank: 2, gpusPerRank: 1, cpuBind: 'core' }],
    ],
    ['several ways', [{ nodes: 2 }, { cores: 4 }], [{ ...ONE, count: 2 }, ONE]],
    [
      'more with each try',
      { nodes: 2, memory: ['1GiB', '2GiB'] },
      [
        { ...ONE, count: 2 },
        { ...ONE, count: 2 },
      ],
    ],
    ['a function', (nodes: number) => ({ nodes }), [{ ...ONE, count: 5 }]],
  ];
  for (const [title, resources, expected] of rows) {
    it(`runs on whole nodes, whether it asks for them or not: ${title}`, () => expect(nodesOf(resources, [5])).to.deep.equal(expected));
  }

  it('refuses what is no function, and options that do not exist', () => {
    expect(() => mpiApp('./simulate' as never)).to.throw(DefinitionError, "mpiApp takes a function; this is './simulate'");
    expect(() => mpiApp(() => './simulate', { resources: { nodez: 2 } as never })).to.throw(InvalidOptionError, "Did you mean 'nodes'");
    expect(() => mpiApp(() => './simulate', { resources: { nodes: 0 } })).to.throw(InvalidOptionError, 'resources.nodes');
  });

  it('has the name of its function', () => {
    function simulate(): string {
      return './simulate';
    }
    expect(mpiApp(simulate).appName).to.equal('simulate');
  });
});
