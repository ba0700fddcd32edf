import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { measureProcess, measureThread, type UsageMeter } from '../../../executors/workers/js/usage.ts';

const LONG_US = 50_000;
const run = promisify(execFile);

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

  it('is the most memory of a process since the task began, not since ever', async () => {
    // A process of its own: what else lies in this one's heap comes and goes.
    const usage = new URL('../../../executors/workers/js/usage.ts', import.meta.url).href;
    const script = `
      const { measureProcess } = await import('${usage}');
      const meter = measureProcess();
      const peak = (bytes) => (meter.begin(), Buffer.alloc(bytes, 1).fill(2), meter.end(${LONG_US}).peakMemoryKiB);
      const large = peak(300_000_000);
      let small = large;
      for (let i = 0; i < 100 && small > large - 200_000; i++) (gc(), (small = peak(0)));
      console.log(JSON.stringify({ large, small }));
    `;
    const { stdout } = await run(process.execPath, ['--expose-gc', '--input-type=module', '-e', script]);
    const { large, small } = JSON.parse(stdout) as { large: number; small: number };
    expect(large).to.be.above(290_000);
    expect(small).to.be.below(large - 200_000);
  });

  it('is unknown of a thread’s memory', () => expect(measureThread().end(LONG_US)?.peakMemoryKiB).to.equal(0));
});
