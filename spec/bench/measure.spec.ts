import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
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
