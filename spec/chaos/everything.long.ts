/**
 * Minutes in which everything goes wrong at once, at random: processes are killed and frozen, tasks are poisonous, fail, babble and are cancelled by
 * the hundred, a node fails everything, strangers knock, the disk is full, the driver's clock is set and its event loop blocked. Then the oracle
 * judges. When which process is hit depends on the machine too: a seed gives the same orders, not the same run.
 *
 * FLOTILLA_SEED=<seed> FLOTILLA_MINUTES=<minutes> (default 3) npx mocha spec/chaos/everything.long.ts
 */
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../executors/high-throughput/interchange/simulation/random.ts';
import { TestRun } from '../support/high-throughput.ts';
import { SmallDisk } from './everything/small-disk.ts';
import { Trouble } from './everything/trouble.ts';
import { Work } from './everything/work.ts';
import { expectPromisesKept, expectReasons } from './oracle.ts';
import { Harm } from './soak/harm.ts';

const SEED = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 2 ** 31);
const MINUTES = Number(process.env['FLOTILLA_MINUTES'] ?? 3);
/** Of them, how many may have met so many faults that they were given up, though nothing is wrong with them. */
const MOST_UNLUCKY = 0.02;
const LOOK_MS = 500;

describe(`a run in which everything goes wrong (FLOTILLA_SEED=${SEED}, ${MINUTES} minutes)`, function () {
  this.timeout(MINUTES * 60_000 + 300_000);

  it('has one outcome for every task, the right one, gives nothing out twice, says what waits for what, and leaves nothing', async () => {
    await using disk = await SmallDisk.mount('200m');
    await using run = await TestRun.open({
      executor: { maxWorkersPerNode: 2, heartbeatPeriod: 0.3, heartbeatThreshold: 2, availableAccelerators: ['7', '9'], quarantine: '5s' },
      provider: { initBlocks: 3, minBlocks: 3, maxBlocks: 3 },
      config: { strategyPeriod: 0.3, retries: 5, ...(disk.path === undefined ? {} : { runDir: `${disk.path}/runinfo` }) },
    });
    const random = createRandom(SEED);
    const work = new Work(random, run.path('accelerators'));
    const pids = {
      driver: () => [],
      interchange: () => run.interchangePids(),
      manager: () => run.managerPids(),
      worker: () => run.workerPids(),
    };
    const harm = new Harm({ pids: (role) => pids[role]() }, random);
    const trouble = new Trouble(run, work, disk, random);
    const end = performance.now() + MINUTES * 60_000;
    const done = Promise.all([harm.go([300, 2000]), trouble.go(end)]);
    // Looked at below.
    done.catch(() => undefined);
    while (performance.now() < end) {
      work.callSome();
      expectReasons(run.kernel, work.someOpen(10));
      await pause(LOOK_MS / 10 + random.below(LOOK_MS));
    }
    harm.stop();
    await done;
    await work.ended();
    const { runDir } = run.kernel;
    console.log(`      ${JSON.stringify({ ...work.counts, ...harm.counts, ...trouble.counts })}`);
    expect(work.wrong, `${work.wrong.length} wrong`).to.deep.equal([]);
    expect(work.counts['unlucky'] ?? 0).to.be.at.most(MOST_UNLUCKY * work.total);
    await run.kernel.close();
    console.log(`      ${JSON.stringify(await expectPromisesKept(runDir, { diaries: work.diaries }))}`);
  });
});
