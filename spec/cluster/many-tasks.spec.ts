/** Bash tasks over blocks that grow and shrink, and a node lost among them; many-tasks.long.ts has ten thousand of them, with figures. */
import { expect } from 'chai';
import { runManyTasks } from './many-tasks.ts';
import { useCluster } from './use-cluster.ts';

describe('many tasks on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster();
  afterEach(() => cluster().clear());

  it('gives each task its result once over blocks that come, go and come again', async () => {
    const figures = await runManyTasks(cluster(), { tasks: 400, seconds: 0.02, limitMs: 200_000 });
    expect(figures).to.include({ tasks: 400, wrong: 0, retried: 0, ranTwice: 0, managersLost: 0 });
    expect(figures.blocksSubmitted).to.be.within(2, 12);
  });

  it('ends each task once when a node loses its power among them', async () => {
    const figures = await runManyTasks(cluster(), { tasks: 240, seconds: 0.1, limitMs: 200_000, cutAfter: 20 });
    expect(figures).to.include({ tasks: 240, wrong: 0 });
    expect(figures.managersLost).to.be.greaterThan(0);
    expect(figures.retried).to.be.greaterThan(0);
  });
});
