/** Behaviours 44, 45 and 46: managers that freeze, are killed, are drained. */
import { expect } from 'chai';
import { bashApp, jsApp, ManagerLost, sh } from '../../../../index.ts';
import { eventually } from '../../../support/eventually.ts';
import { environOf, gone, processesWith, QUICK, TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const TWO_MANAGERS = { provider: { initBlocks: 2, maxBlocks: 2 }, config: { strategy: 'none' } } as const;
const LEAVE_MS = 5000;

/** Writes `number manager` and waits until the file `go` is there. */
const hold = jsApp(async (diary: string, number: number, go: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(diary, `${number} ${process.ppid}\n`);
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
  return number;
});

const nap = jsApp(async (diary: string, number: number, ms: number) => {
  const { appendFileSync } = await import('node:fs');
  appendFileSync(diary, `${number} ${process.ppid}\n`);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return number;
});

/** Manager → numbers of the tasks that began there. */
function begunAt(lines: readonly string[]): Map<number, number[]> {
  const begun = new Map<number, number[]>();
  for (const line of lines) {
    const [number = 0, manager = 0] = line.split(' ').map(Number);
    begun.set(manager, [...(begun.get(manager) ?? []), number]);
  }
  return begun;
}

async function touch(path: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path, '');
}

describe('two managers side by side', () => {
  it('share the work', async () => {
    await using run = await TestRun.open({ ...TWO_MANAGERS });
    const managers = await run.managers(2);
    const futures = [0, 1, 2, 3].map((number) => hold(run.path('diary'), number, run.path('go')));
    await eventually('four tasks at work', () => run.lines('diary').length === 4);
    await touch(run.path('go'));
    await Promise.all(futures);
    const begun = begunAt(run.lines('diary'));
    expect([...begun.keys()].sort()).to.deep.equal(managers.sort());
    expect([...begun.values()].map(({ length }) => length)).to.deep.equal([2, 2]);
    const workers = new Set(futures.map(({ tries }) => tries[0]?.worker));
    expect(workers.size, `names: ${[...workers].join('; ')}`).to.equal(4);
  });
});

describe('a manager that freezes', () => {
  it('is lost after the threshold, its tasks run elsewhere, and when it thaws its late results are dropped and it works again', async () => {
    await using run = await TestRun.open({ ...TWO_MANAGERS, executor: QUICK });
    const managers = await run.managers(2);
    const futures = [0, 1, 2, 3].map((number) => nap(run.path('diary'), number, 700));
    await eventually('four tasks at work', () => run.lines('diary').length === 4);
    const [frozen = 0, other = 0] = managers;
    const frozenAt = Date.now();
    process.kill(frozen, 'SIGSTOP');
    try {
      await run.logged(/was lost with 2 task\(s\): nothing was heard/);
      expect(Date.now() - frozenAt).to.be.within(QUICK.heartbeatThreshold * 1000 - 2 * QUICK.heartbeatPeriod * 1000, 5000);
      expect(await Promise.all(futures)).to.deep.equal([0, 1, 2, 3]);
    } finally {
      process.kill(frozen, 'SIGCONT');
    }
    const moved = begunAt(run.lines('diary')).get(frozen) ?? [];
    expect(moved).to.have.length(2);
    for (const number of moved) {
      const outcomes = futures[number]?.tries.map(({ outcome }) => outcome);
      expect(outcomes).to.deep.equal(['lost', 'done']);
    }
    expect(begunAt(run.lines('diary')).get(other)).to.have.length(4);
    await run.logged(/ registered with /, 3);
    const again = [10, 11, 12, 13].map((number) => hold(run.path('again'), number, run.path('go')));
    await eventually('four tasks at work again', () => run.lines('again').length === 4);
    await touch(run.path('go'));
    expect(await Promise.all(again)).to.deep.equal([10, 11, 12, 13]);
    expect([...begunAt(run.lines('again')).keys()].sort()).to.deep.equal(managers.sort());
    for (const { tries } of again) expect(tries).to.have.length(1);
  });
});

/** Starts a child and one that leaves its group and session, and writes their ids. */
const family = bashApp(
  (diary: string) => sh`sleep 300 & echo $! >> ${diary}; setsid sleep 301 & echo $! >> ${diary}; echo $$ >> ${diary}; wait`,
);

describe('a manager that ends', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`by ${signal} leaves no worker and no grandchild, and its tasks run again at once and without costing a retry`, async () => {
      // The next look at how many blocks are wanted is far away.
      await using run = await TestRun.open({ executor: QUICK, config: { strategyPeriod: 60 } });
      const [manager = 0] = await run.managers(1);
      const script = family(run.path('family'));
      const future = nap(run.path('diary'), 1, 800);
      await eventually('both tasks at work', () => run.lines('diary').length === 1 && run.lines('family').length === 3);
      const started = [...run.workerPids(), ...run.lines('family').map(Number)];
      expect(started.length).to.be.at.least(4);
      process.kill(manager, signal);
      await gone('the manager', [manager], LEAVE_MS);
      await gone('its workers and what they started', started, LEAVE_MS);
      expect(await future).to.equal(1);
      expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['lost', 'done']);
      await eventually('the script again', () => run.lines('family').length === 6);
      for (const { tries } of [future, script]) expect(tries[0]?.error).to.be.instanceOf(ManagerLost);
      script.cancel();
      await failureOf(script);
    });
  }

  it('tells how it ended, where the task may not run twice: exit code or signal, and the end of its stderr', async () => {
    await using run = await TestRun.open({ executor: QUICK, provider: { workerInit: 'echo said by workerInit >&2' } });
    const [manager = 0] = await run.managers(1);
    const once = hold.with({ onLost: 'fail' })(run.path('diary'), 1, run.path('go'));
    await eventually('the task at work', () => run.lines('diary').length === 1);
    const killedAt = Date.now();
    process.kill(manager, 'SIGKILL');
    const error = await failureOf<ManagerLost>(once);
    expect(Date.now() - killedAt, 'told at once, not after the threshold').to.be.below(3000);
    expect(error).to.be.instanceOf(ManagerLost);
    expect(error.exitCode).to.equal(137);
    expect(error.stderrTail).to.contain('said by workerInit');
    expect(error.message).to.match(/manager .* was lost with exit code 137, last heard of at 2/);
    expect(error.message).to.contain('said by workerInit');
    expect(error.lastHeartbeat).to.be.within(killedAt - 3000, killedAt + 100);
  });

  it('is lost after the threshold where its block lives on, and the other managers of the block take its tasks', async () => {
    await using run = await TestRun.open({ executor: { ...QUICK, maxWorkersPerNode: 1 }, provider: { nodesPerBlock: 2 } });
    const [manager = 0, other = 0] = await run.managers(2);
    const futures = [1, 2].map((number) => hold(run.path('diary'), number, run.path('go')));
    await eventually('both at work', () => begunAt(run.lines('diary')).size === 2);
    process.kill(manager, 'SIGKILL');
    await run.logged(/was lost with 1 task\(s\): nothing was heard from it/);
    await touch(run.path('go'));
    expect(await Promise.all(futures)).to.deep.equal([1, 2]);
    expect([...(begunAt(run.lines('diary')).get(other) ?? [])].sort()).to.deep.equal([1, 2]);
    expect(run.managerPids()).to.deep.equal([other]);
  });

  it('is replaced by another block when there is work', async () => {
    await using run = await TestRun.open({ executor: QUICK });
    const [manager = 0] = await run.managers(1);
    process.kill(manager, 'SIGKILL');
    await gone('the manager', [manager], LEAVE_MS);
    expect(await jsApp(() => 'done')()).to.equal('done');
    expect(run.managerPids()).not.to.include(manager);
  });
});

describe('draining', () => {
  it('lets running tasks end, starts none, and then the manager leaves: drainPeriod', async () => {
    await using run = await TestRun.open({ executor: { maxWorkersPerNode: 1, drainPeriod: 1 } });
    const [old = 0] = await run.managers(1);
    const running = hold(run.path('diary'), 1, run.path('go'));
    await eventually('the task at work', () => run.lines('diary').length === 1);
    await eventually('the manager to stop taking tasks', () => drainingIn(run, old));
    const next = nap(run.path('diary'), 2, 1);
    await touch(run.path('go'));
    expect(await running).to.equal(1);
    expect(running.tries).to.have.length(1);
    await gone('the old manager', [old], LEAVE_MS);
    expect(await next).to.equal(2);
    expect(begunAt(run.lines('diary')).get(old)).to.deep.equal([1]);
    expect(next.tries).to.have.length(1);
  });

  it('is not begun at once by a drainPeriod of more days than a timer of Node takes', async () => {
    await using run = await TestRun.open({ executor: { maxWorkersPerNode: 1, drainPeriod: '1000h' } });
    const [manager = 0] = await run.managers(1);
    expect(await nap(run.path('diary'), 1, 20)).to.equal(1);
    expect(await nap(run.path('diary'), 2, 1)).to.equal(2);
    expect(await drainingIn(run, manager)).to.equal(false);
    expect(begunAt(run.lines('diary')).get(manager)).to.deep.equal([1, 2]);
  });

  it('is how idle blocks are given back, and new work brings one again', async () => {
    await using run = await TestRun.open({ config: { strategyPeriod: 0.1, maxIdleTime: 3 } });
    expect(await nap(run.path('diary'), 1, 1)).to.equal(1);
    const [manager = 0] = begunAt(run.lines('diary')).keys();
    await run.logged(/block 0 is not needed and is let go/);
    await gone('the idle manager', [manager], LEAVE_MS);
    await run.logged(/block 0 is completed/);
    expect(run.workerPids()).to.deep.equal([]);
    expect(await jsApp(() => 'back')()).to.equal('back');
  });

  it('gives back a block that is idle while a long task keeps another', async () => {
    const config = { strategy: 'htex-auto-scale', strategyPeriod: 0.1, maxIdleTime: 0.7 } as const;
    await using run = await TestRun.open({ config, executor: { ...QUICK, maxWorkersPerNode: 1 }, provider: { maxBlocks: 2 } });
    const [long, short] = [nap(run.path('diary'), 1, 4500), nap(run.path('diary'), 2, 800)];
    const [manager = 0, other = 0] = await run.managers(2);
    expect(await short).to.equal(2);
    const [idle] = begunAt(run.lines('diary').filter((line) => line.startsWith('2 '))).keys();
    await gone('the idle manager', [idle ?? 0], LEAVE_MS);
    expect(long.done, 'it left while the other one worked').to.equal(false);
    expect(run.managerPids()).to.deep.equal([manager, other].filter((pid) => pid !== idle));
    expect(await long).to.equal(1);
    expect(long.tries).to.have.length(1);
  });

  it('does not give back a block that works', async () => {
    await using run = await TestRun.open({ config: { strategy: 'htex-auto-scale', strategyPeriod: 0.1, maxIdleTime: 0.2 } });
    const future = nap(run.path('diary'), 1, 1500);
    expect(await future).to.equal(1);
    expect(future.tries).to.have.length(1);
    expect(run.logs.filter(({ message }) => message.includes('is not needed'))).to.deep.equal([]);
  });
});

/** Its block's stdout says that it is old enough. */
async function drainingIn(run: TestRun, manager: number): Promise<boolean> {
  const { readFile, readdir } = await import('node:fs/promises');
  const folder = `${run.kernel.runDir}/blocks/htex`;
  const outputs = (await readdir(folder)).filter((name) => name.endsWith('.stdout'));
  const texts = await Promise.all(outputs.map((name) => readFile(`${folder}/${name}`, 'utf8')));
  return run.managerPids().includes(manager) && texts.some((text) => text.includes('it takes no more tasks'));
}

describe('what a killed run leaves behind', () => {
  it('is nothing, also where tasks had left their session', async () => {
    const run = await TestRun.open();
    const script = family(run.path('family'));
    await eventually('the family', () => run.lines('family').length === 3);
    const pids = run.lines('family').map(Number);
    await run[Symbol.asyncDispose]();
    await failureOf(script);
    await gone('the family', pids, 1000);
    expect(processesWith((_, pid) => environOf(pid).includes(run.kernel.runId))).to.deep.equal([]);
  });
});

describe('a block whose walltime is over', function () {
  this.timeout(60_000);
  it('costs its tasks nothing: they run on in the next one, and are not taken for poisonous', async () => {
    await using run = await TestRun.open({ provider: { walltime: '5s' }, executor: QUICK });
    // Ends in the third block: each of those before has begun it once.
    const begin = jsApp(async (diary: string) => {
      const { appendFileSync, readFileSync } = await import('node:fs');
      appendFileSync(diary, 'begun\n');
      const times = readFileSync(diary, 'utf8').split('\n').length - 1;
      if (times < 3) await new Promise((resolve) => setTimeout(resolve, 60_000));
      return times;
    });
    const future = begin(run.path('diary'));
    expect(await future).to.equal(3);
    expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['expired', 'expired', 'done']);
    expect(String(future.tries[0]?.error)).to.match(/block 0 came to the end of its walltime|the walltime of its block was over/);
  });
});
