/** A node that is cut off and comes back, with what ran there still running: takes more than a minute. */
import { losesNothing, useCampaigns } from './campaigns.ts';
import { useCluster } from './use-cluster.ts';

describe('a run with SlurmProvider, and a node whose cable is taken out and put back', function () {
  this.timeout(300_000);
  const cluster = useCluster();
  const play = useCampaigns(cluster);

  it('loses no task and repeats no result', () => losesNothing(cluster(), play, 'unplug', 'plug'));
});
