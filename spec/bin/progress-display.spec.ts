import { expect } from 'chai';
import { ProgressDisplay } from '../../bin/progress-display.ts';
import type { TaskCounts } from '../../lib/kernel/counts.ts';
import { recordingStream } from '../support/streams.ts';

const counts = (some: Partial<TaskCounts>): TaskCounts => ({
  total: 9,
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

describe('progress on a terminal', () => {
  const setUp = (columns = 40) => {
    const stderr = recordingStream({ isTTY: true, columns });
    const stdout = recordingStream({ isTTY: true });
    const state = { counts: counts({ running: 9 }) as TaskCounts | undefined, nowMs: 0 };
    const display = new ProgressDisplay(stderr, [stdout, stderr], { counts: () => state.counts, nowMs: () => state.nowMs });
    return { stderr, stdout, state, display };
  };

  it('rewrites one line', () => {
    const { stderr, state, display } = setUp();
    display.tick();
    state.counts = counts({ done: 4, running: 5 });
    display.tick();
    expect(stderr.screen()).to.equal('4 of 9 done · 5 running');
    display.stop();
  });

  it('says nothing before there is a kernel', () => {
    const { stderr, state, display } = setUp();
    state.counts = undefined;
    display.tick();
    display.stop();
    expect(stderr.written).to.deep.equal([]);
  });

  it('never fills the width of the terminal', () => {
    const { stderr, state, display } = setUp();
    state.counts = counts({ total: 1_000_000, done: 1, running: 99_999, waiting: 800_000, failed: 7 });
    display.tick();
    expect(stderr.screen().length).to.be.below(40);
    display.stop();
  });

  it('takes a terminal of no width for one of the usual width', () => {
    const { stderr, display } = setUp(0);
    display.tick();
    expect(stderr.screen()).to.equal('0 of 9 done · 9 running');
    display.stop();
  });

  it('steps aside for what the script writes, and waits while a line of it is unfinished', () => {
    const { stderr, stdout, display } = setUp();
    display.tick();
    stdout.write('result: ');
    expect(stderr.screen()).to.equal('');
    display.tick();
    expect(stderr.screen()).to.equal('');
    stdout.write('4\n');
    display.tick();
    expect(stderr.screen()).to.equal('0 of 9 done · 9 running');
    expect(stdout.screen()).to.equal('result: 4\n');
    display.stop();
  });

  it('leaves an empty line and untouched streams', () => {
    const { stderr, stdout, display } = setUp();
    display.tick();
    display.stop();
    expect(stderr.screen()).to.equal('');
    const length = stderr.written.length;
    stdout.write('after\n');
    expect(stderr.written.length).to.equal(length);
  });
});

describe('progress into a pipe', () => {
  const setUp = () => {
    const stderr = recordingStream();
    const state = { counts: counts({ running: 9 }), nowMs: 0 };
    const display = new ProgressDisplay(stderr, [], { counts: () => state.counts, nowMs: () => state.nowMs });
    const at = (nowMs: number, some: Partial<TaskCounts>): void => {
      Object.assign(state, { nowMs, counts: counts(some) });
      display.tick();
    };
    return { stderr, at };
  };

  it('writes a plain line every ten seconds', () => {
    const { stderr, at } = setUp();
    for (let second = 1; second <= 25; second++) at(second * 1000, { done: second, running: 1, total: 99 });
    expect(stderr.written).to.have.length(2);
    expect(stderr.written[0]).to.match(/^flotilla: 10 of 99 done · 1 running · 1\.0\/s · ETA 1m2\ds\n$/);
  });

  it('writes at once when tasks have failed', () => {
    const { stderr, at } = setUp();
    at(1000, { failed: 1 });
    at(2000, { failed: 1, done: 1 });
    expect(stderr.written).to.have.length(1);
    expect(stderr.written[0]).to.contain('1 failed');
  });

  it('writes nothing new when nothing has changed', () => {
    const { stderr, at } = setUp();
    for (let second = 1; second <= 60; second++) at(second * 1000, { running: 9 });
    expect(stderr.written).to.have.length(1);
  });
});
