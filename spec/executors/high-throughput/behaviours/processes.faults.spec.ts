/**
 * Workers, managers and the interchange are killed and frozen at random while tasks of every kind run. Which process is hit when
 * depends on the machine too: a seed gives the same orders, not the same run.
 */
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { type AppFuture, bashApp, jsApp, pythonApp, sh } from '../../../../index.ts';
import { TestRun } from '../../../support/high-throughput.ts';
import { createRandom, type Random } from '../interchange/simulation/random.ts';

const CHAOS_MS = 6000;
const MAX_INTERCHANGES = 3;

/** Each run of a task leaves a line: its number, its try. */
const inJs = jsApp(async (diary: string, number: number, ms: number) => {
  const { appendFileSync } = await import('node:fs');
  appendFileSync(diary, `${number}/${process.env.FLOTILLA_TRY}\n`);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  return number;
});
const inPython = pythonApp<[string, number, number], number>(`
def work(diary, number, ms):
    import os, time
    with open(diary, 'a') as f:
        f.write(f"{number}/{os.environ['FLOTILLA_TRY']}\\n")
    time.sleep(ms / 1000)
    return number
`);
const inBash = bashApp(
  (diary: string, number: number, ms: number) => sh`echo ${number}/$FLOTILLA_TRY >> ${diary}; sleep ${ms / 1000}; echo ${number}`,
  { returns: 'json' },
);

type Work = (diary: string, number: number, ms: number) => AppFuture<unknown>;

describe('a run under random kills', () => {
  it('ends every task, and runs no try twice', async function () {
    this.timeout(60_000);
    const seed = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 2 ** 31);
    const random = createRandom(seed);
    await using run = await TestRun.open({
      executor: { heartbeatPeriod: 0.2, heartbeatThreshold: 1.5, drainPeriod: 4 },
      provider: { initBlocks: 2, minBlocks: 2, maxBlocks: 2 },
      config: { strategyPeriod: 0.2 },
    });
    const end = Date.now() + CHAOS_MS;
    const tasks: AppFuture<unknown>[] = [];
    await Promise.all([...[0, 1, 2].map(() => keepCalling(run, tasks, random, end)), harm(run, random, end)]);
    const about = `FLOTILLA_SEED=${seed}, ${tasks.length} tasks\n${run.logText()}`;
    const failures = await Promise.all(tasks.map((task) => task.exception()));
    // Three losses in a row are possible: then the task says so.
    const unexpected = failures.filter((error) => error !== undefined && (error as Error).name !== 'PoisonTaskError');
    expect(unexpected, about).to.deep.equal([]);
    const lines = run.lines('diary');
    expect(lines.length - new Set(lines).size, `tries that ran twice; ${about}`).to.equal(0);
    const begun = new Set(lines.map((line) => Number(line.split('/')[0])));
    expect(
      tasks.filter((_, number) => failures[number] === undefined && !begun.has(number)),
      `done without having run; ${about}`,
    ).to.deep.equal([]);
    expect(tasks.length).to.be.above(100);
  });
});

async function keepCalling(run: TestRun, tasks: AppFuture<unknown>[], random: Random, end: number): Promise<void> {
  const kinds: readonly Work[] = [inJs, inJs, inPython, inBash];
  while (Date.now() < end) {
    const count = random.chance(0.1) ? 200 : 5;
    const called = Array.from({ length: count }, () => {
      const work = kinds[random.below(kinds.length)] as Work;
      const task = work(run.path('diary'), tasks.length, random.chance(0.5) ? 0 : random.below(50));
      tasks.push(task);
      return task;
    });
    await Promise.all(called.map((task) => task.exception()));
  }
}

async function harm(run: TestRun, random: Random, end: number): Promise<void> {
  let interchanges = 0;
  while (Date.now() < end - 1500) {
    await pause(200 + random.below(600));
    const chance = random.next();
    if (chance < 0.5) signal(pick(run.workerPids(), random), 'SIGKILL');
    else if (chance < 0.7) signal(pick(run.managerPids(), random), random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
    else if (chance < 0.85) await freeze(pick(run.managerPids(), random), random.below(2500));
    else if (interchanges++ < MAX_INTERCHANGES) signal(pick(run.interchangePids(), random), 'SIGKILL');
  }
}

async function freeze(pid: number | undefined, ms: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  await pause(ms);
  signal(pid, 'SIGCONT');
}

const pick = (pids: readonly number[], random: Random): number | undefined => pids[random.below(pids.length)];

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch {
    // It was quicker.
  }
}
