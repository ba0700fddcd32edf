import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { lengthAt } from '../../bench/metg/efficiency.ts';
import { PATTERNS } from '../../bench/metg/patterns.ts';
import { treeCpuMs } from '../../bench/measure/process-tree.ts';
import { median, percentile, rounded } from '../../bench/measure/statistics.ts';
import { startHops } from '../../bench/measure/raw-hops.ts';

describe('statistics of benches', () => {
  it('take percentiles by nearest rank, whatever the order', () => {
    const values = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);
    expect([0, 0.01, 0.5, 0.99, 1].map((share) => percentile(values, share))).to.deep.equal([1, 1, 50, 99, 100]);
    expect(median([3])).to.equal(3);
    expect(median([])).to.be.NaN;
  });

  it('round to three digits', () => {
    expect([123_456, 0.0012345, 0].map(rounded)).to.deep.equal([123_000, 0.00123, 0]);
  });
});

describe('METG', () => {
  const at = (...efficiencies: number[]) =>
    lengthAt(
      efficiencies.map((efficiency, i) => ({ lengthUs: 1024 / 2 ** i, efficiency })),
      0.5,
    );

  it('is between the two lengths around it, straight on a logarithmic scale', () => {
    expect(at(0.9, 0.6, 0.4, 0.1)).to.be.closeTo(512 / Math.SQRT2, 1e-9);
    expect(at(0.75, 0.25)).to.be.closeTo(1024 / Math.SQRT2, 1e-9);
  });

  it('takes a single length that is below among others that are above for noise', () => {
    expect(at(0.9, 0.4, 0.8, 0.6, 0.4, 0.1)).to.equal(at(0.9, 0.8, 0.8, 0.6, 0.4, 0.1));
  });

  it('is not known where no length reaches it, or all do', () => {
    expect([at(0.4, 0.3), at(0.9, 0.8), at()]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('has the graphs of Task Bench', () => {
    const of = (name: string, step: number, column: number) => PATTERNS[name]?.dependencies(step, column, 8);
    expect(of('trivial', 3, 2)).to.deep.equal([]);
    expect(of('no-comm', 3, 2)).to.deep.equal([2]);
    expect(of('stencil', 3, 2)).to.deep.equal([1, 2, 3]);
    expect([1, 2, 3, 4].map((step) => of('fft', step, 4))).to.deep.equal([
      [3, 4, 5],
      [2, 4, 6],
      [0, 4, 8],
      [3, 4, 5],
    ]);
    expect(of('tree', 3, 5)).to.deep.equal([2]);
    expect([0, 1, 2, 3, 4].map((step) => PATTERNS['tree']?.widthAt(step, 8))).to.deep.equal([1, 2, 4, 8, 8]);
    expect(of('random', 3, 2))
      .to.include(2)
      .and.to.deep.equal(of('random', 3, 2));
  });
});

describe('treeCpuMs', () => {
  /** Takes so much CPU, as user or in the system. */
  const spin = (seconds: number): string =>
    `const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
     const end = used() + ${seconds};
     while (used() < end);`;

  it('counts this process, and children that run and that have ended, once', async () => {
    const before = treeCpuMs();
    const own = process.cpuUsage();
    const ended = spawn(process.execPath, ['-e', spin(0.3)]);
    const running = spawn(process.execPath, ['-e', `${spin(0.3)} console.log('spun'); setInterval(() => {}, 1000)`]);
    try {
      await Promise.all([once(ended, 'exit'), once(running.stdout, 'data')]);
      const { user, system } = process.cpuUsage(own);
      const ofOthers = treeCpuMs() - before - (user + system) / 1000;
      expect(ofOthers).to.be.within(550, 1000); // starting Node twice takes some too
    } finally {
      running.kill('SIGKILL');
      await once(running, 'exit');
    }
  });
});

describe('startHops', () => {
  it('echoes over both links, and ends', async () => {
    await using hops = await startHops();
    for (let i = 0; i < 10; i++) {
      await hops.unix();
      await hops.zeromq();
    }
  });
});
