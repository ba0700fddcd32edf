/** Whole runs of a HighThroughputExecutor with SlurmProvider, on a real Slurm of two nodes, with what befalls clusters. */
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';
import { losesNothing, useCampaigns } from './campaigns.ts';
import { useCluster } from './use-cluster.ts';

describe('a run with SlurmProvider, on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster();
  const play = useCampaigns(cluster);

  it('uses both nodes of a block and leaves nothing behind', async () => {
    const campaign = await play('campaign', { nodesPerBlock: 2 });
    await campaign.says('closed');
    expect(campaign.said).to.include('hosts n1 n2');
    expect(await cluster().queue()).to.deep.equal([]);
    await eventually('no process', () => processesOf(campaign.runId).length === 0, 60_000);
  });

  it('cancels the blocks that are pending when it closes', async () => {
    const campaign = await play('pause', { initBlocks: 4, maxBlocks: 4 });
    await campaign.says('paused');
    await eventually('four jobs', async () => (await cluster().queue()).length === 4, 60_000);
    await campaign.tell('go');
    await campaign.says('closed');
    expect(await cluster().queue()).to.deep.equal([]);
    // The database hears of it later than the queue.
    const states = () => cluster().on('login', 'sacct', '--noheader', '--allocations', '--format=State');
    await eventually('a cancelled job', async () => /CANCELLED/.test(await states()), 60_000);
  });

  it('loses no task and repeats no result when a node loses its power', async () => {
    await losesNothing(cluster(), play, 'cut', 'boot');
  });

  it('sits out a controller that is gone', async () => {
    // Its block stays, however long the outage takes to be noticed.
    const campaign = await play('pause', { minBlocks: 1, maxBlocks: 2 });
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

  for (const times of [1, 2]) {
    it(`cancels all blocks when it is interrupted ${times === 1 ? 'once' : 'twice, at once'}`, async () => {
      const campaign = await play('forever', { initBlocks: 4, maxBlocks: 4 });
      await eventually('two blocks to run', async () => (await campaign.lines('started')).length >= 4, 60_000);
      await eventually('four jobs', async () => (await cluster().queue()).length === 4, 60_000);
      for (let time = 0; time < times; time++) await campaign.signal('SIGINT');
      await campaign.ends();
      await eventually('an empty queue', async () => (await cluster().queue()).length === 0, 60_000);
      await eventually('no process', () => processesOf(campaign.runId).length === 0, 60_000);
    });
  }

  it('clears up at its start what a killed driver has left, and touches no other job', async () => {
    const stranger = (await cluster().on('login', 'sbatch', '--parsable', '--hold', '--job-name=flotilla.other.0', '--wrap=true')).trim();
    const killed = await play('forever', { initBlocks: 4, maxBlocks: 4 });
    await eventually('two blocks to run', async () => (await killed.lines('started')).length >= 4, 60_000);
    await eventually('four jobs besides the other', async () => (await cluster().queue()).length === 5, 60_000);
    await killed.kill();
    const left = async (): Promise<string[]> => (await cluster().queue()).filter((line) => line.includes(killed.runId));
    expect(await left()).to.have.length.of.at.least(2);
    const next = await play('one');
    await next.says('closed');
    await eventually('the left jobs to be gone', async () => (await left()).length === 0, 60_000);
    expect(await next.log()).to.match(new RegExp(`left by run ${killed.runId}, which was killed .* are cancelled`));
    expect((await cluster().queue()).map((line) => line.split('|', 1)[0])).to.deep.equal([stranger]);
  });
});
