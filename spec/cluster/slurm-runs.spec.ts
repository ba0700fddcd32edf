/** Whole runs of a HighThroughputExecutor with SlurmProvider, on a real Slurm of two nodes, with what befalls clusters. */
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';
import { Campaign, type ProviderData } from './campaign.ts';
import { useCluster } from './use-cluster.ts';

describe('a run with SlurmProvider, on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster();
  const campaigns: Campaign[] = [];
  const play = async (scenario: string, options?: ProviderData): Promise<Campaign> => {
    const campaign = await Campaign.start(cluster(), scenario, options);
    campaigns.push(campaign);
    return campaign;
  };
  afterEach(async () => {
    for (const campaign of campaigns.splice(0)) await campaign.dispose();
    await cluster().clear();
  });

  it('uses both nodes of a block and leaves nothing behind', async () => {
    const campaign = await play('campaign', { nodesPerBlock: 2 });
    await campaign.says('closed');
    expect(campaign.said).to.include('hosts n1 n2');
    expect(await cluster().queue()).to.deep.equal([]);
    expect(processesOf(campaign.runId)).to.deep.equal([]);
  });

  it('cancels the blocks that are pending when it closes', async () => {
    const campaign = await play('one', { initBlocks: 4, maxBlocks: 4 });
    await campaign.says('done');
    await campaign.says('closed');
    expect(await cluster().queue()).to.deep.equal([]);
    expect(await cluster().on('login', 'sacct', '--noheader', '--allocations', '--format=State')).to.match(/CANCELLED/);
  });

  it('loses no task and repeats no result when a node loses its power', async () => {
    const campaign = await play('long', { initBlocks: 2, maxBlocks: 2 });
    await eventually('all four slots to work', async () => (await campaign.lines('started')).length >= 4, 60_000);
    await cluster().cut('n2');
    try {
      await campaign.says('done');
      expect((await campaign.lines('results')).map(Number).toSorted((a, b) => a - b)).to.deep.equal(
        Array.from({ length: 12 }, (_, i) => i),
      );
      expect((await campaign.lines('started')).length).to.be.greaterThan(12);
      await campaign.says('closed');
      expect((await cluster().queue()).filter((line) => line.includes(campaign.runId))).to.deep.equal([]);
    } finally {
      await cluster().boot('n2');
    }
  });

  it('sits out a controller that is gone', async () => {
    const campaign = await play('pause', { maxBlocks: 2 });
    await campaign.says('paused');
    await cluster().stop('slurmctld');
    try {
      await eventually('it to be noticed', async () => /Slurm does not answer/.test(await campaign.log()), 60_000);
      await campaign.tell('go');
      await campaign.says('done');
    } finally {
      await cluster().startAgain('slurmctld');
    }
    await campaign.says('closed');
    expect((await campaign.log()).match(/Slurm does not answer/g)).to.have.length(1);
    expect(await cluster().queue()).to.deep.equal([]);
  });

  it('clears up at its start what a killed driver has left, and touches no other job', async () => {
    const stranger = (await cluster().on('login', 'sbatch', '--parsable', '--hold', '--job-name=flotilla.other.0', '--wrap=true')).trim();
    const killed = await play('forever', { initBlocks: 4, maxBlocks: 4 });
    await eventually('two blocks to run', async () => (await killed.lines('started')).length >= 4, 60_000);
    await killed.kill();
    const left = async (): Promise<string[]> => (await cluster().queue()).filter((line) => line.includes(killed.runId));
    expect(await left()).to.have.length.of.at.least(2);
    const next = await play('one');
    await next.says('closed');
    expect(await left()).to.deep.equal([]);
    expect(await next.log()).to.match(new RegExp(`left by run ${killed.runId}, which was killed .* are cancelled`));
    expect((await cluster().queue()).map((line) => line.split('|', 1)[0])).to.deep.equal([stranger]);
  });
});
