import { expect } from 'chai';
import { mock } from 'node:test';
import { setLongTimeout } from '../../lib/long-timeout.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;
const HOUR_MS = 3_600_000;

describe('setLongTimeout', () => {
  let fired = 0;
  const count = (): void => {
    fired += 1;
  };

  beforeEach(() => {
    fired = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
  });

  afterEach(() => mock.timers.reset());

  it('fires a short one once, when its time has come', () => {
    setLongTimeout(count, 100);
    mock.timers.tick(99);
    expect(fired).to.equal(0);
    mock.timers.tick(1);
    expect(fired).to.equal(1);
    mock.timers.tick(1000);
    expect(fired).to.equal(1);
  });

  it('fires one that is longer than a timer of Node takes at its time and not before', () => {
    setLongTimeout(count, 2 * MAX_TIMER_MS + HOUR_MS);
    mock.timers.tick(MAX_TIMER_MS);
    mock.timers.tick(MAX_TIMER_MS);
    mock.timers.tick(HOUR_MS - 1);
    expect(fired).to.equal(0);
    mock.timers.tick(1);
    expect(fired).to.equal(1);
  });

  it('is cleared in any of its spans', () => {
    const timeout = setLongTimeout(count, MAX_TIMER_MS + HOUR_MS);
    mock.timers.tick(MAX_TIMER_MS);
    timeout.clear();
    mock.timers.tick(HOUR_MS);
    expect(fired).to.equal(0);
  });
});

describe('setLongTimeout with the timers of Node', () => {
  it('does not fire at once, and keeps no process alive when it is unrefed', () => {
    let fired = false;
    const timersHeld = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timersHeld();
    const timeout = setLongTimeout(() => (fired = true), 1000 * HOUR_MS);
    expect(timersHeld()).to.equal(before + 1);
    timeout.unref();
    expect(timersHeld()).to.equal(before);
    timeout.clear();
    expect(fired).to.equal(false);
  });
});
