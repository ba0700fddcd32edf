/** A recorded Montage with half its recorded runtimes, on a real Slurm of two nodes; its figures are in docs/performance.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { examplePath } from '../support/example.ts';
import { flotilla } from './login.ts';
import { useCluster } from './use-cluster.ts';

const MONTAGE = examplePath('data/wfcommons/montage-chameleon-2mass-005d-001.json');

describe('Montage on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster();

  it('comes near to what no schedule could beat, with every recorded order kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flotilla-montage-'));
    try {
      const options = ['--config', 'slurm', '--set', 'executors.0.coresPerWorker=0.25'];
      const env = { FLOTILLA_NODES: '2', FLOTILLA_WORKERS_PER_NODE: '4' };
      const loadBefore = loadavg()[0];
      const args = ['run', examplePath('wfcommons.ts'), ...options, '--', MONTAGE, '--scale', '0.5'];
      const { code, stdout, stderr } = await flotilla(cluster(), folder, args, env);
      expect(code, stderr).to.equal(0);
      console.log(`${stdout}load before    ${loadBefore}`);
      expect(stdout).to.match(/^order +114 recorded parent links, all kept$/m);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
