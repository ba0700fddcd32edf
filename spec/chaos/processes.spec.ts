/**
 * Whole runs in which processes are killed at the steps of the protocol, a node fails everything, clocks jump, the script blocks, and
 * thousands are cancelled at once; the oracle judges each.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type AppFuture, jsApp } from '../../index.ts';
import type { TryOutcome } from '../../lib/executor.ts';
import { readOutcome } from '../../lib/kernel/outcome.ts';
import type { Task } from '../../lib/kernel/task.ts';
import { ResultStatus } from '../../lib/wire/records.ts';
import { eventually } from '../support/eventually.ts';
import { QUICK, TestRun, type RunOptions } from '../support/high-throughput.ts';
import { expectPromisesKept, expectReasons } from './oracle.ts';

const add = jsApp((a: number, b: number) => a + b, { name: 'add' });
const wait = jsApp(async (a: number, ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return a;
});
const TWO_BLOCKS: RunOptions = {
  executor: { ...QUICK, maxWorkersPerNode: 2 },
  provider: { initBlocks: 2, minBlocks: 2, maxBlocks: 2 },
  config: { strategyPeriod: 0.2 },
};

/** Opens a run, does something to it, and has the oracle judge what it left. */
async function judged(options: RunOptions, story: (run: TestRun) => Promise<void>): Promise<void> {
  await using run = await TestRun.open(options);
  await story(run);
  const { runDir } = run.kernel;
  await run.kernel.close();
  await expectPromisesKept(runDir);
}

/** Until all have ended, each of those that have not has a reason that fits. */
async function reasonsThroughout({ kernel }: TestRun, futures: readonly AppFuture<number>[]): Promise<void> {
  for (let open = [...futures]; open.length > 0; open = open.filter(({ done }) => !done)) {
    expectReasons(kernel, [...open.slice(0, 5), ...open.slice(-5)]);
    await pause(20);
  }
}

const values = (futures: readonly AppFuture<number>[]): Promise<number[]> => Promise.all(futures);

describe('a process that is killed', function () {
  this.timeout(60_000);

  /** When, by what the log says or by what tasks have done. */
  const steps: [
    step: string,
    who: 'manager' | 'interchange' | 'worker',
    until: (run: TestRun, futures: readonly AppFuture<number>[]) => Promise<unknown>,
  ][] = [
    ['before anything is registered: the interchange', 'interchange', async () => undefined],
    ['as soon as it is registered: a manager', 'manager', (run) => run.logged(/ registered with /)],
    ['with the first results: a manager', 'manager', (_run, futures) => futures[0] as PromiseLike<number> as Promise<number>],
    ['with the first results: the interchange', 'interchange', (_run, futures) => futures[0] as PromiseLike<number> as Promise<number>],
    ['in the middle: a worker', 'worker', (_run, futures) => futures[100] as PromiseLike<number> as Promise<number>],
    ['with the last results: the interchange', 'interchange', (_run, futures) => futures.at(-3) as PromiseLike<number> as Promise<number>],
  ];
  for (const [step, who, until] of steps) {
    it(`${step}; loses no task`, () =>
      judged(TWO_BLOCKS, async (run) => {
        const futures = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? wait(i + 1, 5) : add(i, 1)));
        await until(run, futures);
        const pids = { manager: () => run.managerPids(), interchange: () => run.interchangePids(), worker: () => run.workerPids() }[who];
        const pid = await eventually(`a ${who}`, () => pids()[0]);
        process.kill(pid, 'SIGKILL');
        await reasonsThroughout(run, futures);
        expect(await values(futures)).to.deep.equal(futures.map((_, i) => i + 1));
      }));
  }
});

describe('a node that fails everything in no time', function () {
  this.timeout(60_000);

  it('is left alone after some tasks, which run elsewhere, and people are told', () =>
    judged({ ...TWO_BLOCKS, config: { ...TWO_BLOCKS.config, retries: 6 } }, async (run) => {
      const broken = jsApp(async (number: number) => {
        if (process.env['FLOTILLA_BLOCK_ID'] === '0') throw new Error('no GPU is there');
        await new Promise((resolve) => setTimeout(resolve, 50));
        return number;
      });
      await run.managers(2);
      const futures = Array.from({ length: 60 }, (_, number) => broken(number));
      const line = await run.logged(/has failed \d+ tasks in a row whose apps work elsewhere: it is given none for 1m/);
      expect(line.message).to.include('(block 0)');
      const open = futures.filter(({ done }) => !done).map(({ taskId }) => taskId);
      expect(run.kernel.explain(open.at(-1) ?? 0)).to.match(/1 of 2 manager\(s\) fail everything and are given nothing for a while/);
      await Promise.allSettled(futures);
      // A task may have met it so often before it was found out that its retries were used up; no more than that.
      expect(futures.filter(({ state }) => state === 'done').length).to.be.above(45);
    }));

  it('is no matter of one manager, nor of an app that fails everywhere', () =>
    judged(TWO_BLOCKS, async (run) => {
      const failing = jsApp((number: number) => {
        throw new Error(`never ${number}`);
      });
      // Who takes a second and more to fail, as where its workers are only being started, is taken for one that does not.
      await run.managers(2);
      await Promise.all(Array.from({ length: 24 }, (_, i) => wait(i, 50)));
      await Promise.allSettled(Array.from({ length: 100 }, (_, number) => failing(number)));
      expect(run.logText()).not.to.include('fail everything');
      expect(run.logText()).not.to.include('in a row whose apps');
    }));
});

describe('what cannot be decoded', function () {
  this.timeout(60_000);

  const noises: [what: string, bytes: readonly number[]][] = [
    ['garbage', [0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef]],
    ['the head of a frame of 2 GB', [0xff, 0xff, 0xff, 0x7f, 2]],
    ['an empty frame', [0, 0, 0, 0, 0]],
  ];
  for (const [what, bytes] of noises) {
    it(`in a worker's socket, ${what}, costs that worker, and its task in the end; others go on`, () =>
      judged({ executor: QUICK }, async () => {
        const noisy = jsApp(async (noise: number[]) => {
          const { writeSync } = await import('node:fs');
          writeSync(3, Buffer.from(noise));
          await new Promise((resolve) => setTimeout(resolve, 60_000));
        });
        const loud = noisy([...bytes]);
        const others = Array.from({ length: 20 }, (_, i) => add(i, 1));
        expect(((await loud.exception()) as Error).name).to.equal('PoisonTaskError');
        expect(await values(others)).to.deep.equal(others.map((_, i) => i + 1));
      }));
  }

  it('as a result fails its task for good, and says so', () => {
    const task = { taskId: 7, appName: 'odd', entry: { kind: 'js' } } as unknown as Task;
    const outcome = { status: ResultStatus.Ok, body: Buffer.from([0xc1, 0xff, 0x00]) } as unknown as TryOutcome;
    expect(readOutcome(task, outcome, undefined)).to.deep.equal({ kind: 'failed', cost: Number.POSITIVE_INFINITY });
    expect((task.latestError as Error).message).to.match(/^task 7 \(odd\) ended, but its result cannot be read: /);
  });
});

describe('ten thousand cancellations at once', function () {
  this.timeout(60_000);

  it('end ten thousand tasks, running and waiting ones', () =>
    judged({ executor: QUICK }, async () => {
      const futures = Array.from({ length: 10_000 }, (_, i) => wait(i, 60_000));
      for (const future of futures) future.cancel('enough');
      const states = await Promise.all(futures.map(async (future) => ((await future.exception()) as Error).name));
      expect(new Set(states)).to.deep.equal(new Set(['CancelledError']));
    }));
});

describe('a script that blocks its own event loop', function () {
  this.timeout(60_000);

  it('for several times the threshold loses nothing, and nothing runs twice', () =>
    judged({ executor: { ...QUICK } }, async (run) => {
      const futures = Array.from({ length: 50 }, (_, i) => wait(i, 20));
      const managers = await run.managers(1);
      for (const end = performance.now() + 5000; performance.now() < end; );
      expect(await values(futures)).to.deep.equal(futures.map((_, i) => i));
      expect(futures.flatMap(({ tries }) => tries).length).to.equal(50);
      expect(run.managerPids()).to.deep.equal(managers);
      expect(run.logText()).not.to.include('was lost');
    }));
});

describe('a wall clock that is set', function () {
  this.timeout(60_000);
  const real = Date.now;
  afterEach(() => {
    Date.now = real;
  });

  for (const [what, byMs] of [
    ['an hour forward', 3_600_000],
    ['an hour back', -3_600_000],
  ] as const) {
    it(`${what} in the driver loses no manager and ends no task`, () =>
      judged({ executor: QUICK }, async (run) => {
        await run.managers(1);
        const futures = Array.from({ length: 40 }, (_, i) => wait(i, 60));
        await futures[0];
        Date.now = () => real() + byMs;
        expectReasons(run.kernel, futures);
        expect(await values(futures)).to.deep.equal(futures.map((_, i) => i));
        expect(run.logText()).not.to.match(/was lost|failed/);
      }));
  }
});
