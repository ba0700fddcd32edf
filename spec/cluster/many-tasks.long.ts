/** Ten thousand bash tasks on a real Slurm, and with a node lost among them; the figures of docs/performance.md. */
import { loadavg } from 'node:os';
import { expect } from 'chai';
import { type ManyTasks, runManyTasks } from './many-tasks.ts';
import type { Figures } from './many-tasks.fixture.ts';
import { useCluster } from './use-cluster.ts';

const TASKS = 10_000;
const SECONDS = 0.1;
const LIMIT_MS = 900_000;

describe('ten thousand tasks on a real Slurm', function () {
  this.timeout(LIMIT_MS + 120_000);
  const cluster = useCluster();
  afterEach(() => cluster().clear());

  async function run(options: Partial<ManyTasks> = {}): Promise<Figures> {
    const loadBefore = loadavg()[0];
    const figures = await runManyTasks(cluster(), { tasks: TASKS, seconds: SECONDS, limitMs: LIMIT_MS, ...options });
    console.log(JSON.stringify({ loadBefore, loadAfter: loadavg()[0], ...figures }, null, 2));
    return figures;
  }

  it('give their results once over blocks that come, go and come again', async () => {
    const figures = await run();
    expect(figures).to.include({ tasks: TASKS, wrong: 0, retried: 0, ranTwice: 0, managersLost: 0 });
    expect(figures.blocksSubmitted).to.be.at.least(4);
  });

  it('give their results once when a node loses its power among them', async () => {
    const figures = await run({ cutAfter: 1000, comesBack: 'missed' });
    expect(figures).to.include({ tasks: TASKS, wrong: 0 });
    expect(figures.managersLost).to.be.greaterThan(0);
    expect(figures.retried).to.be.greaterThan(0);
  });
});
