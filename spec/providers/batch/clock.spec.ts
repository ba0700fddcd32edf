import { expect } from 'chai';
import { backoffMs, systemClock } from '../../../providers/batch/clock.ts';
import { run } from '../../support/package-copy.ts';
import { ROOT } from '../../support/source-tree.ts';

describe('the clock of providers', () => {
  const MODULE = new URL('../../../providers/batch/clock.ts', import.meta.url).href;

  for (const [title, sleep, said] of [
    ['keeps the process while it sleeps', 'sleep(300)', 'slept\n'],
    ['does not keep it for a sleep that nobody depends on', 'sleep(3_600_000, undefined, false)', ''],
  ] as const) {
    it(title, async () => {
      const script = `import { systemClock } from '${MODULE}'; systemClock.${sleep}.then(() => console.log('slept'));`;
      const { stdout, code } = await run(ROOT, process.execPath, ['--input-type=module', '--eval', script]);
      expect([stdout, code]).to.deep.equal([said, 0]);
    });
  }

  it('wakes at once when it is told to, before or meanwhile', async () => {
    const wake = new AbortController();
    const sleeping = systemClock.sleep(3_600_000, wake.signal);
    wake.abort();
    await sleeping;
    await systemClock.sleep(3_600_000, wake.signal);
  });

  it('doubles from the first to the longest', () => {
    expect([0, 1, 2, 3, 10].map((failures) => backoffMs(failures, 100, 1000))).to.deep.equal([100, 100, 200, 400, 1000]);
  });
});
