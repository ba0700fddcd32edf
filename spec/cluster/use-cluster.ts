/** For specs that need the cluster: one for all of them, its commands on PATH, and a reason where there can be none. */
import { delimiter } from 'node:path';
import { SlurmCluster, whyNoCluster } from './slurm-cluster.ts';

/** Call it in a `describe`. @returns the cluster, once the specs run. */
export function useCluster(nodes = 2): () => SlurmCluster {
  const before_ = { PATH: process.env['PATH'], XDG_STATE_HOME: process.env['XDG_STATE_HOME'] };
  let cluster: SlurmCluster | undefined;

  before(async function () {
    this.timeout(180_000);
    const why = whyNoCluster();
    if (why !== undefined) {
      console.log(`    (skipped, no cluster: ${why}; scripts/install-test-dependencies.sh installs what it needs)`);
      this.skip();
    }
    cluster = await SlurmCluster.start(nodes);
    process.env['PATH'] = `${cluster.commands}${delimiter}${before_.PATH}`;
    process.env['XDG_STATE_HOME'] = cluster.folder;
  });
  after(async function () {
    this.timeout(60_000);
    for (const [key, value] of Object.entries(before_)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
    await cluster?.close();
  });

  return () => {
    if (cluster === undefined) throw new Error('the cluster is there while specs run');
    return cluster;
  };
}
