/** MPI programs on this machine, with the Open MPI that is installed here. On a cluster of several nodes: spec/cluster/mpi.spec.ts. */
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { expect } from 'chai';
import { BashExitError, bashApp, mpiApp, MPIExecutor, sh } from '../../../index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestRun } from '../../support/high-throughput.ts';
import { isAlive } from '../../support/leftovers.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf } from '../../support/kernel.ts';

const AS_ROOT = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_rmaps_base_oversubscribe: '1' };
/** What a rank of Open MPI finds in its environment. */
const WHO = 'echo "$OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE, $OMP_NUM_THREADS threads, GPU $CUDA_VISIBLE_DEVICES"';

describe('an MPI program', function () {
  this.timeout(60_000);
  let folder: TemporaryFolder;
  beforeEach(() => {
    folder = new TemporaryFolder();
  });
  afterEach(() => folder.remove());

  it('is started by what the node has, with as many ranks as it asks for, each with its accelerators', async () => {
    await using _ = await TestRun.open({ executor: { env: AS_ROOT, availableAccelerators: ['4', '5'] } });
    const who = mpiApp(() => sh`sh -c ${WHO}`, { returns: 'lines', resources: { ranksPerNode: 2, gpusPerRank: 1, cpuBind: 'none' } });
    expect((await who()).toSorted()).to.deep.equal(['0 of 2, 1 threads, GPU 4', '1 of 2, 1 threads, GPU 5']);
  });

  it('may be started by a bashApp, between other commands', async () => {
    await using _ = await TestRun.open({ executor: { env: AS_ROOT } });
    const app = bashApp(() => `echo before; $FLOTILLA_MPI_PREFIX sh -c 'echo rank'; echo "after on $FLOTILLA_NODES"`, {
      returns: 'lines',
      resources: { nodes: 1, ranksPerNode: 2, cpuBind: 'none' },
    });
    expect(await app()).to.deep.equal(['before', 'rank', 'rank', 'after on 1']);
  });

  it('ends with the exit code of a rank, and its error has the command that was run', async () => {
    await using _ = await TestRun.open({ executor: { env: AS_ROOT } });
    const app = mpiApp(() => sh`sh -c ${'exit $((OMPI_COMM_WORLD_RANK * 3))'}`, { resources: { ranksPerNode: 2, cpuBind: 'none' } });
    const error = (await failureOf(app())) as BashExitError;
    expect(error).to.include({ name: 'BashExitError', exitCode: 3 });
    expect(error.command, 'as it was run').to.match(/^mpiexec -n 2 --host \S+ .* sh -c 'exit/);
  });

  it('is not run at all where there is nothing to start it with, and the reason is said', async () => {
    for (const name of ['bash', 'touch']) symlinkSync(`/bin/${name}`, folder.at(name));
    await using run = await TestRun.open({ executor: { mpiLauncher: 'srun', env: { PATH: folder.path } } });
    const app = mpiApp(() => sh`touch ${run.path('ran')}`);
    const error = (await failureOf(app())) as BashExitError;
    expect(error).to.be.instanceOf(BashExitError);
    expect(error.message, JSON.stringify(error)).to.include('was not started');
    expect(error.message).to.include('no program was found that starts MPI programs: srun: ');
    expect(existsSync(run.path('ran'))).to.equal(false);
  });

  it('ends with all its ranks past its walltime', async () => {
    await using run = await TestRun.open({ executor: { env: { ...AS_ROOT, OMPI_MCA_orte_tmpdir_base: folder.path } } });
    const app = mpiApp(() => sh`sh -c ${`echo $$ >> ${run.path('pids')}; exec sleep 600`}`, {
      resources: { ranksPerNode: 2, cpuBind: 'none' },
      walltime: '2s',
      killGrace: '2s',
    });
    expect((await failureOf(app())).name).to.equal('WalltimeError');
    const pids = readFileSync(run.path('pids'), 'utf8').trim().split('\n').map(Number);
    expect(pids).to.have.length(2);
    await eventually('no rank is left', () => pids.every((pid) => !isAlive(pid)));
  });

  it('is one of as many as maxWorkersPerBlock says', async () => {
    await using _ = await TestRun.open({ config: { executors: [new MPIExecutor({ maxWorkersPerBlock: 1, env: AS_ROOT })] } });
    const app = mpiApp(() => sh`sh -c ${'echo here'}`, { returns: 'stdout', resources: { ranksPerNode: 1, cpuBind: 'none' } });
    expect(await Promise.all([app(), app()])).to.deep.equal(['here\n', 'here\n']);
  });
});
