/** The examples on a real Slurm, by the packaged config `slurm`, as docs/cluster.md has them typed. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { examplePath } from '../support/example.ts';
import { flotilla } from './login.ts';
import { useCluster } from './use-cluster.ts';

const MONTAGE = examplePath('data/wfcommons/montage-chameleon-2mass-005d-001.json');
const QUICK = ['--config', 'slurm', '--set', 'strategyPeriod=1s', '--set', 'executors.0.provider.statusPollPeriod=1s'];

describe('examples on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster();
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'flotilla-shown-'))));
  afterEach(async () => {
    await cluster().clear();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const run = async (script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> => {
    const { code, stdout, stderr } = await flotilla(cluster(), folder, ['run', examplePath(script), ...QUICK, '--', ...args], env);
    expect(code, stderr).to.equal(0);
    expect(await cluster().queue()).to.deep.equal([]);
    return stdout;
  };

  it('cluster/hello.ts has each GPU of both nodes of a job say hello', async () => {
    const said = await run('cluster/hello.ts', ['--greetings', '4'], { FLOTILLA_NODES: '2', FLOTILLA_GPUS_PER_NODE: '2' });
    const places = [...said.matchAll(/^hello \d from (n[12]), job (\d+), worker [01] of 2, device ([01]),/gm)];
    expect(places.map(([, host, , device]) => `${host} ${device}`).toSorted(), said).to.deep.equal(['n1 0', 'n1 1', 'n2 0', 'n2 1']);
    expect(new Set(places.map(([, , job]) => job)).size).to.equal(1);
  });

  it('cluster/sweep.ts finds its periods over two jobs of a node each', async () => {
    const said = await run('cluster/sweep.ts', ['--points', '12'], { FLOTILLA_BLOCKS: '2', FLOTILLA_WORKERS_PER_NODE: '2' });
    expect(said).to.match(/^period 1: 2 of 12$/m);
    expect(await readdir(folder)).to.include('periods.csv');
  });

  it('wfcommons.ts runs a recorded Montage in a job of two nodes, with every file where its reader looks for it', async () => {
    const said = await run('wfcommons.ts', [MONTAGE, '--scale', '0.002'], { FLOTILLA_NODES: '2', FLOTILLA_WORKERS_PER_NODE: '2' });
    expect(said)
      .to.match(/^workflow +montage: 58 tasks/m)
      .and.match(/^workers +[24]$/m)
      .and.match(/^order +\d+ recorded parent links, all kept$/m);
  });
});
