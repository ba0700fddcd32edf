/** From a laptop to a cluster: SlurmProvider with an SshChannel, a real Slurm, and nodes that cannot reach the laptop. */
import { expect } from 'chai';
import { type FarRun, Laptop } from '../executors/high-throughput/remote/far-run.ts';
import { eventually } from '../support/eventually.ts';
import { LoginCable } from './login-cable.ts';
import { SlurmCluster, whyNoCluster } from './slurm-cluster.ts';

const whyNot = whyNoCluster();

describe('from a laptop to a cluster with Slurm', function () {
  this.timeout(300_000);
  let cluster: SlurmCluster;
  let cable: LoginCable;
  let laptop: Laptop;
  const runs: FarRun[] = [];
  before(async function () {
    if (whyNot !== undefined) {
      console.log(`    (skipped: ${whyNot})`);
      this.skip();
    }
    cluster = await SlurmCluster.start();
    cable = await LoginCable.lay(cluster);
    laptop = await Laptop.start();
  });
  after(async () => {
    await cable?.close();
    await cluster?.close();
    await laptop?.close();
  });
  afterEach(async () => {
    await cable?.plug();
    for (const run of runs.splice(0)) await run.dispose();
  });

  function start(tasks: number, seconds: number): FarRun {
    const provider = { exclusive: true, initBlocks: 2, maxBlocks: 2, statusPollPeriod: '1s' };
    const run = laptop.run({ channel: cable.channel, slurm: true, provider, tasks, seconds });
    runs.push(run);
    return run;
  }

  it('runs tasks on its nodes, through one connection to the login node, and loses nothing while that is cut', async () => {
    const run = start(50, 0.4);
    await run.until('five results', () => run.results >= 5);
    await run.until('both jobs', async () => (await cluster.queue()).length === 2);
    await cable.cut();
    await run.logs('was cut');
    expect(await cluster.queue(), 'jobs go on').to.have.length(2);
    await cable.plug();
    expect(await run.end(), `${run.said}\n${await run.log()}`).to.equal(0);
    expect((await run.outcomes()).sort()).to.deep.equal(Array.from({ length: 50 }, (_, i) => `${i} right 1`).sort());
    const [, host] = JSON.parse(/^where (.*)$/m.exec(run.said)?.[1] ?? '[]') as string[];
    expect(host).to.be.oneOf(['n1', 'n2']);
    await eventually('no process of the run', () => run.processes().length === 0, 60_000);
    await eventually('an empty queue', async () => (await cluster.queue()).length === 0, 60_000);
  });
});
