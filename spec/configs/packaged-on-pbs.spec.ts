/** Packaged configs that name no machine, on the emulated PBS: `pbspro`, and `in-allocation` within a job. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { bashApp } from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';
import { highThroughput, openKernel } from '../support/kernel.ts';
import { readExecutor } from '../support/machine-configs.ts';
import { startPbsOnPath } from '../support/pbs/on-path.ts';

const SCRIPT = fileURLToPath(new URL('../cluster/two-nodes.fixture.ts', import.meta.url));
const LIMIT_MS = 120_000;

describe('packaged configs on PBS', function () {
  this.timeout(240_000);
  let pbs: Awaited<ReturnType<typeof startPbsOnPath>>;
  let dir: string;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'flotilla-on-pbs-'));
    pbs = await startPbsOnPath({ nodes: [{ name: 'n1', ncpus: 2 }], killDelayMs: 3000 });
  });
  afterEach(async () => {
    await pbs.end();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  });

  it('pbspro needs the processors of a node, asks for GPUs as told, and gives each worker one', async () => {
    const set = { FLOTILLA_CPUS_PER_NODE: '2', FLOTILLA_SELECT: 'ngpus=1', FLOTILLA_GPUS_PER_NODE: '1' };
    const opened = await openKernel(highThroughput, { executors: [await readExecutor('pbspro', set)] });
    try {
      const hello = bashApp(() => 'echo "$PBS_JOBID $CUDA_VISIBLE_DEVICES"', { returns: 'stdout' });
      expect((await hello()).trim()).to.equal('0.ctl 0');
      expect(pbs.server.jobs.get('0.ctl')?.script).to.include('#PBS -l select=1:ncpus=2:ngpus=1\n#PBS -l walltime=00:30:00\n');
    } finally {
      await opened.dispose();
    }
    expect(pbs.server.unfinished).to.deep.equal([]);
  });

  it('in-allocation uses the node of a job, and leaves nothing on it', async () => {
    const lines = [
      `cd '${dir}'`,
      `export XDG_STATE_HOME='${dir}' FLOTILLA_CONFIG=in-allocation FLOTILLA_WORKERS_PER_NODE=2`,
      `'${process.execPath}' --disable-warning=ExperimentalWarning '${SCRIPT}' > said 2>&1`,
      'echo "ended with $?" >> said',
    ];
    const said = (): string => (existsSync(join(dir, 'said')) ? readFileSync(join(dir, 'said'), 'utf8') : '');
    pbs.execute({ program: 'qsub', argv: ['-N', 'mine', '-'], cwd: dir, env: {}, stdin: `${lines.join('\n')}\n` });
    await eventually('the script to end', () => said().includes('ended with'), LIMIT_MS);
    expect(said())
      .to.match(/^hosts /m)
      .and.match(/^closed$/m)
      .and.include('ended with 0');
    const runId = /^run (\S+)$/m.exec(said())?.[1] ?? 'no run';
    await eventually('nothing is left', () => processesOf(runId).length === 0, LIMIT_MS);
    expect([...pbs.server.jobs.keys()]).to.deep.equal(['0.ctl']);
  });
});
