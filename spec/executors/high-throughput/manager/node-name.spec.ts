import { expect } from 'chai';
import { nameOfNode } from '../../../../executors/high-throughput/manager/node-name.ts';

describe('the name of a node', () => {
  const rows: [host: string, slurm: string | undefined, name: string][] = [
    ['n012', undefined, 'n012'],
    ['n012.cluster.local', undefined, 'n012.cluster.local'],
    ['n012.cluster.local', 'n012', 'n012'],
    ['n012', 'n012', 'n012'],
    ['n012.cluster.local', 'n001', 'n012.cluster.local'],
    ['n0123', 'n012', 'n0123'],
  ];
  for (const [host, slurm, name] of rows) {
    it(`is ${name} on ${host} with SLURMD_NODENAME ${slurm ?? 'unset'}`, () => expect(nameOfNode(host, slurm)).to.equal(name));
  }
});
