import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { measureProcess, measureThread, type UsageMeter } from '../../../executors/workers/js/usage.ts';
import { eventually } from '../../support/eventually.ts';

const LONG_US = 50_000;

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('what a task took', () => {
  const rows: readonly [string, () => UsageMeter][] = [
    ['a process', measureProcess],
    ['a thread', measureThread],
  ];
  for (const [what, create] of rows) {
    it(`is the CPU time of ${what} since the last one, for long tasks only`, () => {
      const meter = create();
      meter.begin();
      spin(120);
      const before = process.cpuUsage();
      expect(meter.end(LONG_US - 1)).to.equal(undefined);
      expect(meter.end(LONG_US)?.cpuMs).to.be.within(20, (before.user + before.system) / 1000);
      expect(meter.end(LONG_US)?.cpuMs).to.be.below(20);
    });
  }

  it('is the most memory of a process since it began, not since ever', async () => {
    const meter = measureProcess();
    const peak = (bytes: number): number => {
      meter.begin();
      Buffer.alloc(bytes, 1);
      return meter.end(LONG_US)?.peakMemoryKiB ?? 0;
    };
    const large = peak(300_000_000);
    expect(large).to.be.above(290_000);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await eventually('the memory to be given back', () => {
      collect();
      return peak(0) < large - 200_000;
    });
  });

  it('is unknown of a thread’s memory', () => expect(measureThread().end(LONG_US)?.peakMemoryKiB).to.equal(0));
});
