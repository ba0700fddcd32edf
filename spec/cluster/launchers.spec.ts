/** Launchers with a real Slurm: srun, and the mpiexec and mpirun of Open MPI, which start their daemons with srun. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MpiExecLauncher, MpiRunLauncher, SrunLauncher, SrunMpiLauncher } from '../../index.ts';
import type { Launcher } from '../../lib/provider.ts';
import { eventually } from '../support/eventually.ts';
import { SlurmCluster, whyNoCluster } from './slurm-cluster.ts';

const whyNot = whyNoCluster();
const LAUNCHERS: readonly Launcher[] = [new SrunLauncher(), new SrunMpiLauncher(), new MpiExecLauncher(), new MpiRunLauncher()];
const NODES = ['n1', 'n2'];
/** Of a spec that runs as root; a user's job needs none of it. */
const AS_ROOT = 'export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1';

interface Job {
  readonly exitCode: number;
  readonly output: string;
}

describe('launchers on a real Slurm', function () {
  this.timeout(180_000);
  let cluster: SlurmCluster;
  let dir: string;

  before(async function () {
    if (whyNot !== undefined) {
      console.log(`    (skipped: ${whyNot})`);
      this.skip();
    }
    cluster = await SlurmCluster.start();
  });
  after(() => cluster?.close());
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flotilla-job-'));
  });
  afterEach(async () => {
    await cluster.clear();
    await rm(dir, { recursive: true });
  });

  /** @returns what sbatch takes to run it on two nodes, whole. */
  async function writeJob(launcher: Launcher, command: string): Promise<string[]> {
    const head = `#!/bin/bash\n${AS_ROOT}\nexport DIR='${dir}' GREETING='good  day'\ncd "$DIR"`;
    await writeFile(join(dir, 'job.sh'), `${head}\n${launcher.wrap(command, 2, 1)}\n`);
    return ['--nodes=2', '--ntasks-per-node=1', '--exclusive', `--output=${dir}/output`, '--time=5', join(dir, 'job.sh')];
  }

  async function run(launcher: Launcher, command: string): Promise<Job> {
    const submitted = cluster.on('login', 'sbatch', '--wait', ...(await writeJob(launcher, command)));
    const exitCode = await submitted.then(
      () => 0,
      (error: unknown) => Number((error as { code?: unknown }).code),
    );
    return { exitCode, output: await readFile(join(dir, 'output'), 'utf8').catch(() => '') };
  }

  const lines = async (name: string): Promise<string[]> => {
    const text = await readFile(join(dir, name), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };

  for (const launcher of LAUNCHERS) {
    describe(launcher.type, () => {
      it('starts one manager on each node, with environment, directory and all CPUs of the node', async () => {
        const { exitCode, output } = await run(launcher, 'echo "$(hostname) $GREETING $PWD $(nproc)" >> "$DIR/log"');
        expect(exitCode, output).to.equal(0);
        const cpus = Number(await cluster.on('n1', 'nproc'));
        expect((await lines('log')).sort()).to.deep.equal(NODES.map((node) => `${node} good  day ${dir} ${cpus}`));
      });

      it('fails with the exit code of the node that fails, and lets the other end by itself', async () => {
        const fail = '[ "$(hostname)" = n2 ] && { echo "no such module" >&2; touch "$DIR/failed"; exit 9; }';
        const stay = 'while [ ! -e "$DIR/failed" ]; do sleep 0.05; done; sleep 1; echo stayed >> "$DIR/log"';
        const { exitCode, output } = await run(launcher, `${fail}\n${stay}`);
        expect(exitCode, output).to.equal(9);
        expect(output).to.include('no such module');
        expect(await lines('log')).to.deep.equal(['stayed']);
      });

      it('fails when all nodes fail', async () => {
        const { exitCode, output } = await run(launcher, 'exit 7');
        expect(exitCode, output).to.equal(7);
      });

      it("passes a TERM that the job's shell gets on to every manager", async () => {
        const leave = 'echo "left $(hostname)" >> "$DIR/log"; exit 4';
        const command = `trap '${leave}' TERM; echo "$(hostname)" >> "$DIR/started"; while :; do sleep 0.1; done`;
        const [id] = (await cluster.on('login', 'sbatch', '--parsable', ...(await writeJob(launcher, command)))).trim().split(';');
        await eventually('both nodes run it', async () => (await lines('started')).length === 2, 60_000);
        await cluster.on('login', 'scancel', '--batch', '--signal=TERM', id ?? '');
        await eventually('both have left', async () => (await lines('log')).length === 2, 60_000);
        expect((await lines('log')).sort()).to.deep.equal(['left n1', 'left n2']);
        await eventually('the job has ended', async () => (await cluster.queue()).length === 0, 60_000);
      });
    });
  }

  it('SrunMpiLauncher lets a task start a step of its own on both nodes, beside the managers', async () => {
    const first = '[ "$(hostname)" = n1 ] || exit 0';
    const step = 'srun --overlap --nodes=2 --ntasks=2 --nodelist=n1,n2 --ntasks-per-node=1 hostname >> "$DIR/log"';
    const { exitCode, output } = await run(new SrunMpiLauncher(), `${first}\n${step}`);
    expect(exitCode, output).to.equal(0);
    expect((await lines('log')).sort()).to.deep.equal(NODES);
  });
});
