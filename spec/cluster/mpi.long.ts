/** MPI programs on a real Slurm whose srun starts Open MPI's ranks itself, by PMIx. */
import { MpiFolder } from './mpi-folder.ts';
import { useCluster } from './use-cluster.ts';

describe('MPI programs on a real Slurm, by PMIx', function () {
  this.timeout(300_000);
  const cluster = useCluster(4);

  it("run many at once, of 1, 2 and 4 nodes beside tasks of one core, each on nodes of its own: srun, with Open MPI's library", async () => {
    const folder = await MpiFolder.make(cluster());
    try {
      await folder.expectEachOnItsOwn({ launcher: 'srun', compiler: 'mpicc.openmpi', overrides: '--mpi=pmix' });
    } finally {
      await cluster().clear();
      await folder.remove();
    }
  });
});
