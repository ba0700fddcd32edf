import { expect } from 'chai';
import { countEnded, fitLine, formatProgress, formatSpan, RateMeter } from '../../bin/progress.ts';
import type { TaskCounts } from '../../lib/kernel/counts.ts';

const counts = (some: Partial<TaskCounts>): TaskCounts => ({
  total: 0,
  waiting: 0,
  running: 0,
  queued: 0,
  done: 0,
  ignored: 0,
  failed: 0,
  cancelled: 0,
  memoized: 0,
  ...some,
});

describe('the progress line', () => {
  const rows: [TaskCounts, number | undefined, string][] = [
    [counts({ total: 3, running: 2, waiting: 1 }), undefined, '0 of 3 done · 2 running · 1 waiting'],
    [
      counts({ total: 40, done: 10, running: 8, waiting: 20, failed: 2 }),
      2,
      '10 of 40 done · 8 running · 20 waiting · 2 failed · 2.0/s · ETA 14s',
    ],
    [counts({ total: 9, running: 2, queued: 6, waiting: 1 }), undefined, '0 of 9 done · 2 running · 6 queued · 1 waiting'],
    [counts({ total: 5, done: 4, cancelled: 1 }), 12345.6, '4 of 5 done · 1 cancelled · 12,346/s'],
    [counts({ total: 6, done: 4, ignored: 2 }), undefined, '4 of 6 done · 2 ignored'],
    [counts({ total: 1000, done: 500, running: 500 }), 42.4, '500 of 1000 done · 500 running · 42/s · ETA 12s'],
  ];
  for (const [given, rate, line] of rows) it(line, () => expect(formatProgress(given, rate)).to.equal(line));

  it('is cut before it would wrap', () => {
    expect(fitLine('abcdef', 5)).to.equal('abc…');
    expect(fitLine('abcd', 5)).to.equal('abcd');
  });

  it('counts failed, ignored and cancelled tasks as ended', () => {
    expect(countEnded(counts({ done: 1, failed: 2, cancelled: 3, ignored: 4 }))).to.equal(10);
  });
});

describe('formatSpan', () => {
  const rows: [number, string][] = [
    [0, '0.0s'],
    [9_940, '9.9s'],
    [9_960, '10s'],
    [59_600, '1m00s'],
    [185_000, '3m05s'],
    [7_800_000, '2h10m'],
    [100_800_000, '1d04h'],
  ];
  for (const [ms, text] of rows) it(`${ms} ms is ${text}`, () => expect(formatSpan(ms)).to.equal(text));
});

describe('RateMeter', () => {
  it('knows nothing before tasks have ended', () => {
    const meter = new RateMeter();
    expect(meter.sample(0, 0)).to.equal(undefined);
    expect(meter.sample(1000, 0)).to.equal(undefined);
  });

  it('counts tasks per second', () => {
    const meter = new RateMeter();
    meter.sample(0, 0);
    expect(meter.sample(2000, 10)).to.equal(5);
  });

  it('forgets what was more than half a minute ago', () => {
    const meter = new RateMeter();
    for (let second = 0; second <= 60; second++) meter.sample(second * 1000, second * 100);
    for (let second = 61; second <= 95; second++) meter.sample(second * 1000, 6000 + (second - 60));
    expect(meter.sample(96_000, 6036)).to.be.closeTo(1, 0.01);
  });
});
