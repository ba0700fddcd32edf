/** Behaviour 48: the interchange is killed while tasks run. */
import { expect } from 'chai';
import { type AppFuture, ExecutorFailed, jsApp } from '../../../../index.ts';
import { eventually } from '../../../support/eventually.ts';
import { gone, QUICK, TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const SURFACES_MS = 5000;

const note = jsApp(async (diary: string, number: number, ms: number) => {
  const { appendFileSync } = await import('node:fs');
  await new Promise((resolve) => setTimeout(resolve, ms));
  appendFileSync(diary, `${number}\n`);
  return number;
});

const hold = jsApp(async (diary: string, go: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(diary, 'begun\n');
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
  return 'done';
});

/** Kills it and waits until the executor has said so. @returns how long that took, ms. */
async function killInterchange(run: TestRun, death: number): Promise<number> {
  const pid = await eventually('an interchange', () => run.interchangePids()[0]);
  const killedAt = Date.now();
  process.kill(pid, 'SIGKILL');
  await gone('the interchange', [pid], SURFACES_MS);
  await run.logged(/the interchange ended \(SIGKILL\)/, death, SURFACES_MS);
  return Date.now() - killedAt;
}

describe('an interchange that is killed', () => {
  it('is replaced; managers come back, no finished task runs again, and none is lost', async () => {
    await using run = await TestRun.open({
      executor: { ...QUICK, heartbeatThreshold: 5 },
      provider: { initBlocks: 2, maxBlocks: 2 },
      config: { strategy: 'none' },
    });
    const managers = await run.managers(2);
    const COUNT = 400;
    const futures = Array.from({ length: COUNT }, (_, number) => note(run.path('diary'), number, 10));
    await eventually('some results', () => run.lines('diary').length > 40);
    expect(await killInterchange(run, 1)).to.be.below(SURFACES_MS);
    expect(await Promise.all(futures)).to.deep.equal(futures.map((_, number) => number));
    await run.logged(/the new interchange has 2 manager\(s\)/);
    expect(run.managerPids().sort()).to.deep.equal(managers.sort());
    expect(
      run
        .lines('diary')
        .map(Number)
        .sort((a, b) => a - b),
      'each once',
    ).to.deep.equal(futures.map((_, number) => number));
    for (const { tries } of futures) expect(tries).to.have.length(1);
  });

  it('loses none of many short tasks, nor what is called while it is away', async () => {
    await using run = await TestRun.open({ executor: { ...QUICK, heartbeatThreshold: 5 } });
    await run.managers(1);
    const double = jsApp((x: number) => x * 2);
    const futures: AppFuture<number>[] = [];
    const call = (count: number): void => {
      for (let i = 0; i < count; i++) futures.push(double(futures.length));
    };
    call(20_000);
    await futures[100];
    const killed = killInterchange(run, 1);
    call(1000);
    await killed;
    call(1000);
    expect(await Promise.all(futures)).to.deep.equal(futures.map((_, number) => number * 2));
    expect(futures.filter(({ tries }) => tries.length !== 1)).to.deep.equal([]);
  });

  it('does not forget what is to be cancelled', async () => {
    await using run = await TestRun.open({ executor: { ...QUICK, heartbeatThreshold: 5, maxWorkersPerNode: 1 } });
    await run.managers(1);
    const running = hold(run.path('diary'), run.path('go'));
    const queued = hold(run.path('diary'), run.path('go'));
    await eventually('a task at work', () => run.lines('diary').length === 1);
    process.kill(run.interchangePid(), 'SIGKILL');
    queued.cancel('not needed');
    running.cancel('not needed');
    for (const future of [running, queued]) expect(await failureOf(future)).to.have.property('name', 'CancelledError');
    expect(await note(run.path('after'), 1, 0)).to.equal(1);
    expect(run.lines('diary')).to.have.length(1);
  });

  it('says so to whoever asks what a task waits for', async () => {
    await using run = await TestRun.open({ executor: { ...QUICK, heartbeatThreshold: 5 } });
    await run.managers(1);
    const future = hold(run.path('diary'), run.path('go'));
    await eventually('the task at work', () => run.lines('diary').length === 1);
    process.kill(run.interchangePid(), 'SIGKILL');
    const said = await eventually('an explanation', () => {
      const text = run.kernel.explain(future.taskId);
      return /interchange ended, and another is being started/.test(text) && text;
    });
    expect(said).to.match(/task 1 \(anonymous\)/);
    future.cancel();
    await failureOf(future);
  });

  it('four times within a minute fails the executor, and says why', async () => {
    await using run = await TestRun.open({ executor: { ...QUICK, heartbeatThreshold: 5 } });
    const [manager = 0] = await run.managers(1);
    const future = hold(run.path('diary'), run.path('go'));
    await eventually('the task at work', () => run.lines('diary').length === 1);
    for (let death = 1; death <= 3; death++) {
      await killInterchange(run, death);
      await run.logged(/the new interchange has 1 manager\(s\)/, death);
    }
    process.kill(run.interchangePid(), 'SIGKILL');
    const error = await failureOf<ExecutorFailed>(future);
    expect(error).to.be.instanceOf(ExecutorFailed);
    expect(error.message).to.match(
      /executor 'htex' failed: its interchange died 4 times within 60 s, the last time by SIGKILL; see .*interchange\.log/,
    );
    expect(await failureOf(note(run.path('diary'), 1, 0))).to.be.instanceOf(ExecutorFailed);
    await gone('the manager', [manager], 5000);
    expect(run.workerPids()).to.deep.equal([]);
  });
});
