/** Packaged configs that name no machine, on a real Slurm: `in-allocation`, inside an salloc and outside of one, and `slurm`. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';
import { SlurmCluster, whyNoCluster } from './slurm-cluster.ts';

const SCRIPT = fileURLToPath(new URL('./two-nodes.fixture.ts', import.meta.url));
const whyNot = whyNoCluster();

describe('packaged configs on a real Slurm', function () {
  this.timeout(300_000);
  let cluster: SlurmCluster;
  let folder: string;

  before(async function () {
    if (whyNot !== undefined) {
      console.log(`    (skipped: ${whyNot})`);
      this.skip();
    }
    cluster = await SlurmCluster.start();
  });
  after(() => cluster?.close());

  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'flotilla-packaged-'))));
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  async function runScript(config: string, ...before: readonly string[]): Promise<{ said: string; code: unknown }> {
    const argv = [...before, process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT];
    const env = { FLOTILLA_CONFIG: config, FLOTILLA_NODES: '2', FLOTILLA_WORKERS_PER_NODE: '1', XDG_STATE_HOME: cluster.folder };
    const child = cluster.spawn('login', argv, { cwd: folder, env });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const limit = setTimeout(() => child.kill('SIGKILL'), 200_000);
    const [code] = (await once(child, 'close')) as [unknown];
    clearTimeout(limit);
    return { said, code };
  }

  it('in-allocation uses all nodes of an salloc, submits no job, and leaves nothing on them', async () => {
    const { said, code } = await runScript('in-allocation', 'salloc', '--nodes=2', '--exclusive', '--time=5', '--job-name=mine');
    expect(said)
      .to.match(/^hosts n1, n2$/m)
      .and.match(/^closed$/m);
    expect(code, said).to.equal(0);
    const runId = /^run (\S+)$/m.exec(said)?.[1] ?? 'no run';
    await eventually('no process of the run', () => processesOf(runId).length === 0, 60_000);
    await eventually('the allocation to be over', async () => (await cluster.queue()).length === 0, 60_000);
    const recorded = await eventually('it to be in the accounts', async () => (await jobNames()).length > 0 && jobNames(), 60_000);
    expect(recorded).to.deep.equal(['mine']);
  });

  it('in-allocation says outside of one what is missing', async () => {
    const { said, code } = await runScript('in-allocation');
    expect(said).to.match(/in-allocation\.yaml:\d+:\d+: this is not inside an allocation: neither SLURM_JOB_ID nor PBS_JOBID is set/);
    expect(code).to.not.equal(0);
  });

  it('slurm runs blocks of two nodes, and needs nothing but their number', async () => {
    const { said, code } = await runScript('slurm');
    expect(said)
      .to.match(/^hosts n1, n2$/m)
      .and.match(/^closed$/m);
    expect(code, said).to.equal(0);
    const isOurs = (name: string): boolean => /^flotilla\..*\.htex-0$/.test(name);
    await eventually('its job to be in the accounts', async () => (await jobNames()).some(isOurs), 60_000);
    expect(await cluster.queue()).to.deep.equal([]);
  });

  async function jobNames(): Promise<string[]> {
    const answer = await cluster.on('login', 'sacct', '--noheader', '--parsable2', '--allocations', '--format=JobName%100');
    return answer.split('\n').filter((name) => name !== '');
  }
});
