import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { buildMpiPrefix, mpiEnv, type MpiFlavour, type MpiShape, problemWithBinding } from '../../../executors/mpi/launch-prefix.ts';
import { emulatePals, emulateSlurm } from '../../support/launch/stand-ins.ts';

const RANK_SCRIPT = join(import.meta.dirname, '../../../executors/mpi/rank-gpus.sh');
const SHAPE: MpiShape = {
  hosts: ['n1', 'n3'],
  ranksPerNode: 4,
  threadsPerRank: 1,
  gpusPerRank: 0,
  rankScript: '/flotilla/rank-gpus.sh',
  variables: ['OMP_NUM_THREADS'],
};
const prefix = (flavour: MpiFlavour, changes: Partial<MpiShape> = {}, overrides = ''): string =>
  buildMpiPrefix({ flavour, command: flavour === 'srun' ? 'srun' : 'mpiexec', overrides }, { ...SHAPE, ...changes });

describe('what stands in front of an MPI program', () => {
  const SRUN = 'env -u SLURM_LABELIO srun --nodes=2 --ntasks=8 --ntasks-per-node=4 --nodelist=n1,n3';
  const SHARED = '--distribution=block --overlap --mem=0 --export=ALL --kill-on-bad-exit=1';
  const rows: [flavour: MpiFlavour, changes: Partial<MpiShape>, expected: string][] = [
    ['srun', {}, `${SRUN} --cpus-per-task=1 ${SHARED}`],
    ['srun', { threadsPerRank: 8, cpuBind: 'cores' }, `${SRUN} --cpus-per-task=8 ${SHARED} --cpu-bind=cores`],
    ['openmpi', {}, 'mpiexec -n 8 --host n1:4,n3:4 --map-by ppr:4:node -x OMP_NUM_THREADS'],
    ['openmpi', { threadsPerRank: 2 }, 'mpiexec -n 8 --host n1:4,n3:4 --map-by ppr:4:node:PE=2 -x OMP_NUM_THREADS'],
    ['openmpi', { threadsPerRank: 2, cpuBind: 'none', variables: [] }, 'mpiexec -n 8 --host n1:4,n3:4 --map-by ppr:4:node --bind-to none'],
    ['mpich', {}, 'mpiexec -n 8 -ppn 4 -hosts n1,n3'],
    ['mpich', { threadsPerRank: 2 }, 'mpiexec -n 8 -ppn 4 -hosts n1,n3 -bind-to core:2'],
    ['mpich', { cpuBind: 'numa' }, 'mpiexec -n 8 -ppn 4 -hosts n1,n3 -bind-to numa'],
    ['intel', {}, 'mpiexec -n 8 -ppn 4 -hosts n1,n3'],
    ['intel', { threadsPerRank: 2 }, 'mpiexec -n 8 -ppn 4 -hosts n1,n3 -genv I_MPI_PIN_DOMAIN omp'],
    ['intel', { cpuBind: 'none' }, 'mpiexec -n 8 -ppn 4 -hosts n1,n3 -genv I_MPI_PIN off'],
    ['pals', {}, 'mpiexec -n 8 --ppn 4 --hosts n1,n3 --depth 1 --cpu-bind depth'],
    ['pals', { threadsPerRank: 8, cpuBind: 'core' }, 'mpiexec -n 8 --ppn 4 --hosts n1,n3 --depth 8 --cpu-bind core'],
  ];
  for (const [flavour, changes, expected] of rows) {
    it(`is, for ${flavour} with ${JSON.stringify(changes)}: ${expected}`, () => expect(prefix(flavour, changes)).to.equal(expected));
  }

  it('has further words behind its own, and what gives ranks their accelerators at the end', () => {
    expect(prefix('srun', { gpusPerRank: 2 }, '  --mpi=pmix\n --label ')).to.equal(
      `${SRUN} --cpus-per-task=1 ${SHARED} --mpi=pmix --label /bin/sh /flotilla/rank-gpus.sh 2`,
    );
  });

  it('comes with an environment in which Slurm shows the nodes of the task, and lets steps share', () => {
    expect(mpiEnv(SHAPE, {})).to.deep.equal({ I_MPI_JOB_RESPECT_PROCESS_PLACEMENT: 'disable' });
    expect(mpiEnv(SHAPE, { SLURM_JOB_ID: '7', SLURM_MEM_PER_CPU: '100' })).to.deep.equal({
      I_MPI_JOB_RESPECT_PROCESS_PLACEMENT: 'disable',
      SLURM_OVERLAP: '1',
      SLURM_NODELIST: 'n1,n3',
      SLURM_JOB_NODELIST: 'n1,n3',
      SLURM_NNODES: '2',
      SLURM_JOB_NUM_NODES: '2',
      SLURM_TASKS_PER_NODE: '4(x2)',
      SLURM_MEM_PER_CPU: '0',
      SLURM_CPU_BIND: 'quiet',
    });
    expect(mpiEnv(SHAPE, { SLURM_JOB_ID: '7' })).to.include({ SLURM_MEM_PER_NODE: '0' });
  });
});

describe('how ranks are bound', () => {
  const program = (flavour: MpiFlavour) => ({ flavour, command: 'mpiexec', overrides: '' });
  const known: [flavour: MpiFlavour, cpuBind: string | undefined][] = [
    ['srun', undefined],
    ['srun', 'cores'],
    ['srun', 'Quiet,map_cpu:0,1,2'],
    ['openmpi', 'core:overload-allowed'],
    ['mpich', 'core:2'],
    ['pals', 'list:0-7:8-15'],
    ['intel', '[0x55,0xaa]'],
  ];
  for (const [flavour, cpuBind] of known)
    it(`may be '${cpuBind}' for ${flavour}`, () => expect(problemWithBinding(program(flavour), cpuBind)).to.equal(undefined));

  it('is refused otherwise, with what the launcher knows', () => {
    expect(problemWithBinding(program('srun'), 'kores')).to.match(
      /^its cpuBind is 'kores', which mpiexec \(srun\) does not know. Did you mean 'cores'\? It may be 'none', 'cores', 'threads', /,
    );
  });
});

describe('an MPI program behind its prefix', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flotilla-mpi-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** @returns lines that the ranks print, sorted. */
  async function run(text: string, env: Record<string, string>): Promise<string[]> {
    writeFileSync(
      join(dir, 'rank.sh'),
      `echo "\${EMULATED_HOST:-$SLURMD_NODENAME} \${EMULATED_RANK:-$SLURM_PROCID} \${CUDA_VISIBLE_DEVICES:-none} $OMP_NUM_THREADS"\n`,
    );
    const command = `$FLOTILLA_MPI_PREFIX bash ${join(dir, 'rank.sh')}`;
    const options = { env: { ...process.env, ...env, FLOTILLA_MPI_PREFIX: text, OMP_NUM_THREADS: '8' } };
    const { stdout } = await promisify(execFile)('bash', ['-c', command], options);
    return stdout.trim().split('\n').sort();
  }

  it('runs under the mpiexec of Cray PALS on the nodes of the task, with the accelerators of each rank', async () => {
    const env = await emulatePals(dir, ['n1', 'n2', 'n3']);
    const shape = { ranksPerNode: 2, threadsPerRank: 8, gpusPerRank: 2, rankScript: RANK_SCRIPT };
    expect(await run(prefix('pals', shape), { ...env, FLOTILLA_GPUS: '4,5,6,7' })).to.deep.equal([
      'n1 0 4,5 8',
      'n1 1 6,7 8',
      'n3 2 4,5 8',
      'n3 3 6,7 8',
    ]);
    for (const cpuBind of ['none', 'numa', 'list:0-7:8-15']) await run(prefix('pals', { ...shape, cpuBind, gpusPerRank: 0 }), env);
  });

  it('is refused by it where it does not fit', async () => {
    const env = await emulatePals(dir, ['n1', 'n3']);
    const error = await run(prefix('pals', { ranksPerNode: 16, threadsPerRank: 8 }), env).catch((reason: Error) => reason);
    expect(String(error)).to.include('do not fit 64 CPUs');
  });

  it('runs under the srun of Slurm on the nodes of the task', async () => {
    const env = await emulateSlurm(dir, ['n1', 'n2', 'n3']);
    expect(await run(prefix('srun', { ranksPerNode: 1, threadsPerRank: 2 }), env)).to.deep.equal(['n1 0 none 8', 'n3 1 none 8']);
  });
});

describe('the accelerators of a rank', () => {
  const give = (count: number, env: Record<string, string>) =>
    spawnSync('/bin/sh', [RANK_SCRIPT, String(count), 'sh', '-c', 'echo "$CUDA_VISIBLE_DEVICES $HIP_VISIBLE_DEVICES"'], {
      env: { PATH: process.env['PATH'] ?? '', FLOTILLA_GPUS: 'a,b,c,d', ...env },
      encoding: 'utf8',
    });

  const rows: [variable: string, rank: string, count: number, expected: string][] = [
    ['PALS_LOCAL_RANKID', '3', 1, 'd 0'],
    ['OMPI_COMM_WORLD_LOCAL_RANK', '1', 2, 'c,d 0,1'],
    ['MPI_LOCALRANKID', '0', 2, 'a,b 0,1'],
    ['SLURM_LOCALID', '2', 1, 'c 0'],
    ['NOTHING', '2', 1, 'a 0'],
  ];
  for (const [variable, rank, count, expected] of rows) {
    it(`are ${expected.split(' ')[0]} for ${variable}=${rank} with ${count} each`, () =>
      expect(give(count, { [variable]: rank }).stdout.trim()).to.equal(expected));
  }

  it('are too few: the rank says so and ends', () => {
    const { status, stderr } = give(2, { SLURM_LOCALID: '2' });
    expect([status, stderr.trim()]).to.deep.equal([
      1,
      `flotilla: rank 2 of ${execFileSync('uname', ['-n'], { encoding: 'utf8' }).trim()} is left without accelerator: each is to have 2 of 'a,b,c,d'`,
    ]);
  });
});
