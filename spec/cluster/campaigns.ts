/** What specs of whole runs on a cluster share. */
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Campaign, type ProviderData } from './campaign.ts';
import type { SlurmCluster } from './slurm-cluster.ts';

export type Play = (scenario: string, options?: ProviderData) => Promise<Campaign>;

/** Call it in a `describe`: after each spec nothing is left of its runs, or in the queue. */
export function useCampaigns(cluster: () => SlurmCluster): Play {
  const campaigns: Campaign[] = [];
  afterEach(async () => {
    for (const campaign of campaigns.splice(0)) await campaign.dispose();
    await cluster().clear();
  });
  return async (scenario, options) => {
    const campaign = await Campaign.start(cluster(), scenario, options);
    campaigns.push(campaign);
    return campaign;
  };
}

/** Something befalls a node in the middle of a run, and is mended. */
export async function losesNothing(cluster: SlurmCluster, play: Play, befall: 'cut' | 'unplug', mend: 'boot' | 'plug'): Promise<void> {
  const campaign = await play('long', { initBlocks: 2, maxBlocks: 2 });
  await eventually('all four slots to work', async () => (await campaign.lines('started')).length >= 4, 60_000);
  await cluster[befall]('n2');
  try {
    await eventually('work on the other node', async () => (await campaign.lines('results')).length >= 6, 120_000);
  } finally {
    await cluster[mend]('n2');
  }
  await campaign.says('closed');
  const results = (await campaign.lines('results')).map(Number).toSorted((a, b) => a - b);
  expect(results).to.deep.equal(Array.from({ length: 12 }, (_, number) => number));
  expect((await campaign.lines('started')).length).to.be.greaterThan(12);
  const left = async (): Promise<string[]> => (await cluster.queue()).filter((line) => line.includes(campaign.runId));
  await eventually('an empty queue', async () => (await left()).length === 0, 60_000);
}
