/** Behaviours of blocks that are lost or not allowed: a node of several, a preempted job, a budget that is used up. */
import { expect } from 'chai';
import { ExecutorFailed, jsApp, LocalProvider, SingleNodeLauncher } from '../../../../index.ts';
import { eventually } from '../../../support/eventually.ts';
import { processesWith, TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

/** Says where it began, and ends when the file is there. */
const hold = jsApp(async (diary: string, number: number, go: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(diary, `${number} ${process.ppid}\n`);
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
  return number;
});

async function touch(path: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path, '');
}

describe('a block that loses one of its nodes', function () {
  this.timeout(60_000);

  it('goes on with the others; what ran on the lost one runs once more, and every result arrives once', async () => {
    const launcher = new SingleNodeLauncher({ failOnAny: false });
    await using run = await TestRun.open({
      executor: { heartbeatPeriod: 0.2, heartbeatThreshold: 2 },
      provider: { nodesPerBlock: 2, launcher },
    });
    const managers = await run.managers(2);
    const futures = [0, 1, 2, 3].map((number) => hold(run.path('diary'), number, run.path('go')));
    await eventually('four tasks at work', () => run.lines('diary').length === 4);
    process.kill(managers[0] as number, 'SIGKILL');
    await run.logged(/was lost with 2 task/);
    await touch(run.path('go'));
    expect(await Promise.all(futures)).to.deep.equal([0, 1, 2, 3]);
    const outcomes = futures.map(({ tries }) => tries.map(({ outcome }) => outcome).join(' ')).sort();
    expect(outcomes).to.deep.equal(['done', 'done', 'lost done', 'lost done']);
    expect(run.lines('diary')).to.have.length(6);
    expect(run.logText()).not.to.match(/block 1 /);
  });
});

describe('a block that is preempted', function () {
  this.timeout(60_000);

  it('ends with SIGTERM to its job, and its tasks run in the next', async () => {
    await using run = await TestRun.open({ executor: { heartbeatPeriod: 0.2, heartbeatThreshold: 2 } });
    await run.managers(1);
    const future = hold(run.path('diary'), 1, run.path('go'));
    await eventually('it is at work', () => run.lines('diary').length === 1);
    const [job] = processesWith((commandLine) => commandLine.includes(run.kernel.runDir) && commandLine.includes('htex-0.sh'));
    process.kill(-(job as number), 'SIGTERM');
    await eventually('it is at work again', () => run.lines('diary').length === 2);
    await touch(run.path('go'));
    expect(await future).to.equal(1);
    expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['lost', 'done']);
  });
});

describe('a budget of node-hours', function () {
  this.timeout(60_000);

  it('fails what is left to do when it is used up, with figures', async () => {
    const maxNodeHours = 0.0023;
    await using run = await TestRun.open({ provider: { walltime: '8s', maxNodeHours } });
    const first = hold(run.path('diary'), 1, run.path('go'));
    await touch(run.path('go'));
    expect(await first).to.equal(1);
    const error = await failureOf(hold(run.path('diary'), 2, run.path('never')));
    expect(error).to.be.instanceOf(ExecutorFailed);
    expect(error.message).to.match(
      /its budget is used up, and a task waits: of maxNodeHours: 0\.0023, 0\.00\d+ are used, and another block takes 0\.00222/,
    );
    expect(error).to.include({ maxNodeHours });
    expect(new LocalProvider({ maxNodeHours }).limits.maxNodeHours).to.equal(maxNodeHours);
  });
});
