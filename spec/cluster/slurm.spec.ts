/** SlurmProvider with a real Slurm: what every provider must do, and what Slurm alone can do to one. */
import { delimiter } from 'node:path';
import { SlurmProvider } from '../../index.ts';
import { providerContract } from '../providers/contract.ts';
import { SlurmCluster, whyNoCluster } from './slurm-cluster.ts';

const whyNot = whyNoCluster();

describe('on a real Slurm', function () {
  this.timeout(300_000);
  let cluster: SlurmCluster;
  const path = process.env['PATH'] ?? '';

  before(async function () {
    if (whyNot !== undefined) {
      console.log(`    (skipped: ${whyNot})`);
      this.skip();
    }
    cluster = await SlurmCluster.start();
    process.env['PATH'] = `${cluster.commands}${delimiter}${path}`;
    process.env['XDG_STATE_HOME'] = cluster.folder;
  });
  after(async () => {
    process.env['PATH'] = path;
    delete process.env['XDG_STATE_HOME'];
    await cluster?.close();
  });

  providerContract('SlurmProvider', {
    make: (options = {}) =>
      new SlurmProvider({
        exclusive: false,
        walltime: '10m',
        schedulerOptions: '#SBATCH --nodelist=n1',
        statusPollPeriod: '1s',
        ...options,
      }),
    unknownJobId: '99999',
    isAlive: (pid) => cluster.isAlive('n1', pid),
    patienceMs: 40_000,
    killNowMs: 20_000,
    keepsStrays: 'this cluster tracks processes by their parents, and so loses those of which the parent has ended',
  });
});
