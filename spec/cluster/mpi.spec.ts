/** MPI programs on a real Slurm of four nodes: real Open MPI under its mpiexec, and MPICH's under srun. Open MPI's under srun: mpi.long.ts. */
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { MpiFolder } from './mpi-folder.ts';
import type { Machine } from './slurm-cluster.ts';
import { useCluster } from './use-cluster.ts';

const NODES: readonly Machine[] = ['n1', 'n2', 'n3', 'n4'];

describe('MPI programs on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster(4);
  let folder: MpiFolder;

  beforeEach(async () => {
    folder = await MpiFolder.make(cluster());
  });
  afterEach(async () => {
    await cluster().clear();
    await folder.remove();
  });

  for (const [title, start] of [
    ["Open MPI's mpiexec", { launcher: 'mpiexec', compiler: 'mpicc.openmpi' }],
    ["srun, with MPICH's library", { launcher: 'srun', compiler: 'mpicc.mpich', overrides: '--mpi=pmi2' }],
  ] as const) {
    it(`run many at once, of 1, 2 and 4 nodes beside tasks of one core, each on nodes of its own: ${title}`, () =>
      folder.expectEachOnItsOwn(start));
  }

  const countOn = async (node: Machine, program: string): Promise<number> =>
    Number(await cluster().on(node, 'sh', '-c', `pgrep -xc ${program} || :`));
  const running = (): Promise<number[]> => Promise.all(NODES.map((node) => countOn(node, 'ranks')));

  it('run again on other nodes when one of theirs is lost, leave no rank there, and end on all when they are cancelled', async () => {
    const { child, said } = folder.start('mpiexec', folder.compile('mpicc.openmpi'), 'cancel');
    await eventually('it runs', () => said().includes('it runs\n'), 120_000);
    const before = await running();
    expect(before.filter((count) => count === 2)).to.have.length(3);
    const starts = await Promise.all(NODES.map((node) => countOn(node, 'mpiexec')));
    // Not the first node: the block's own launcher runs there, and names the manager's entry too.
    const lost = before.findIndex((count, i) => i > 0 && count > 0 && starts[i] === 0);
    await cluster().on(NODES[lost] as Machine, 'pkill', '-KILL', '-f', 'manager-entry');
    const expected = NODES.map((_, i) => (i === lost ? 0 : 2));
    await eventually('it runs on the others', async () => (await running()).join() === expected.join(), 120_000);
    await writeFile(join(folder.path, 'go'), '');
    await once(child, 'close');
    expect(said()).to.match(/then CancelledError\nclosed\n/);
    expect(await running()).to.deep.equal([0, 0, 0, 0]);
  });
});
