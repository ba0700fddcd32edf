/**
 * The link between a manager and the interchange, cut in one direction, in the other and in both, for less and for more than the
 * threshold; and delayed. With real packets between two networks.
 */
import { expect } from 'chai';
import { jsApp, WrappedLauncher } from '../../index.ts';
import { TestRun } from '../support/high-throughput.ts';
import { Cable, type Direction, whyNoCable } from './cable.ts';
import { expectPromisesKept } from './oracle.ts';

const THRESHOLD_S = 2;

const work = jsApp(async (number: number, ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return [number, process.env['FLOTILLA_BLOCK_ID']];
});

/** Block 0 is at the other end of the cable, block 1 is here. */
function openRun(cable: Cable): Promise<TestRun> {
  return TestRun.open({
    executor: { address: cable.here, heartbeatPeriod: 0.3, heartbeatThreshold: THRESHOLD_S },
    provider: { initBlocks: 2, minBlocks: 2, maxBlocks: 2, launcher: new WrappedLauncher({ prepend: cable.prefix }) },
    config: { strategyPeriod: 0.3 },
  });
}

async function judged(run: TestRun): Promise<void> {
  const { runDir } = run.kernel;
  await run.kernel.close();
  await expectPromisesKept(runDir);
}

describe('a link between networks', function () {
  this.timeout(90_000);
  before(function () {
    const why = whyNoCable();
    if (why === undefined) return;
    console.log(`      skipped: ${why}`);
    this.skip();
  });

  for (const [direction, what] of [
    ['out', 'that nothing leaves a manager by any more'],
    ['in', 'that nothing reaches a manager by any more'],
    ['both', 'that is cut'],
  ] as [Direction, string][]) {
    it(`${what} costs its tasks a try, and they run elsewhere; once it is mended, or without it, all goes on`, async () => {
      await using cable = await Cable.lay('0');
      await using run = await openRun(cable);
      await run.managers(2);
      const futures = Array.from({ length: 60 }, (_, number) => work(number, 100));
      await futures[0];
      await cable.cut(direction);
      await run.logged(/ was lost with \d+ task/);
      await cable.mend();
      const values = await Promise.all(futures);
      expect(values.map(([number]) => number)).to.deep.equal(futures.map((_, number) => number));
      expect(values.some(([, block]) => block === '1')).to.equal(true);
      // Whoever was lost comes back, or its block is replaced.
      await run.logged(/ registered with /, 3, 30_000);
      await judged(run);
    });
  }

  it('that is cut for less than the threshold costs nothing', async () => {
    await using cable = await Cable.lay('0');
    await using run = await openRun(cable);
    await run.managers(2);
    const futures = Array.from({ length: 40 }, (_, number) => work(number, 100));
    await futures[0];
    await cable.cut('both');
    await new Promise((resolve) => setTimeout(resolve, (THRESHOLD_S * 1000) / 4));
    await cable.mend();
    await Promise.all(futures);
    expect(run.logText()).not.to.match(/was lost/);
    expect(futures.flatMap(({ tries }) => tries).filter(({ outcome }) => outcome !== 'done')).to.deep.equal([]);
    await judged(run);
  });

  it('that delays and reorders packets costs time only', async () => {
    const seed = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 1_000_000);
    console.log(`      FLOTILLA_SEED=${seed}`);
    await using cable = await Cable.lay('0', { ms: 80, seed });
    await using run = await openRun(cable);
    await run.managers(2);
    await Promise.all(Array.from({ length: 200 }, (_, number) => work(number, 20)));
    expect(run.logText()).not.to.match(/was lost/);
    await judged(run);
  });
});
