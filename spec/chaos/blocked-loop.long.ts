/**
 * A script blocks its own event loop for two minutes, while its tasks run: at once with the heartbeats that users have and with quick ones, a
 * hundred times as long as their threshold. The same for some seconds: processes.spec.ts.
 */
import { expect } from 'chai';
import { HighThroughputExecutor, jsApp } from '../../index.ts';
import { QUICK, TestRun } from '../support/high-throughput.ts';
import { expectPromisesKept } from './oracle.ts';

const BLOCKED_MS = 120_000;
const nap = jsApp(async (number: number) => {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return number;
});

describe('a script that blocks its event loop for two minutes', function () {
  this.timeout(BLOCKED_MS + 120_000);

  it('loses no manager, no task and no result, and nothing runs twice', async () => {
    const one = { maxWorkersPerNode: 1, coresPerWorker: 0.5 };
    const executors = [
      new HighThroughputExecutor({ ...one, label: 'quick', ...QUICK }),
      new HighThroughputExecutor({ ...one, label: 'usual' }),
    ];
    await using run = await TestRun.open({ config: { executors } });
    const managers = await run.managers(2);
    const labels = ['quick', 'usual'];
    // A minute of work for each.
    const futures = Array.from({ length: 240 }, (_, number) => nap.with({ executors: [labels[number % 2] as string] })(number));
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
    expect(await Promise.all(futures)).to.deep.equal(futures.map((_, number) => number));
    expect(futures.flatMap(({ tries }) => tries)).to.have.length(240);
    expect(run.managerPids().sort()).to.deep.equal(managers.sort());
    expect(run.logText()).not.to.include('was lost');
    const { runDir } = run.kernel;
    await run.kernel.close();
    await expectPromisesKept(runDir);
  });
});
