/** Behaviours 59 and 60, and every other way in which a script ends. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Driver } from '../support/driver.ts';
import type { ExecutorUnderTest } from '../support/kernel.ts';

/** For what ends by itself: it takes a moment on a machine that has nothing else to do. */
const LIMIT_MS = 20_000;

export function describeClose(executor: ExecutorUnderTest): void {
  let driver: Driver;

  const start = async (scenario: string): Promise<Driver> => {
    driver = await Driver.start(executor.name, scenario);
    return driver;
  };

  afterEach(() => driver.dispose());

  it('ends by itself when nothing is left to do, though nobody closed the kernel', async () => {
    await start('no close');
    expect(await driver.end).to.deep.equal({ code: 0, signal: null });
    expect(driver.stdout).to.include('sum 42');
    await driver.untilNothingLeft(LIMIT_MS);
  });

  it('tells at its end of failures that nobody looked at', async () => {
    await start('ignored failure');
    expect((await driver.end).code).to.equal(0);
    expect(driver.stderr).to.match(/1 task\(s\) failed and nobody looked[^]*task 1 \(ignored\): RangeError: nobody looks/);
  });

  it('Ctrl-C once cancels, closes in order and leaves nothing behind', async () => {
    await start('work');
    await driver.said('working');
    driver.child.kill('SIGINT');
    expect(await driver.end).to.deep.equal({ code: 130, signal: null });
    expect(driver.stderr).to.include('SIGINT: cancelling what runs and closing; again to leave at once');
    await driver.untilNothingLeft(LIMIT_MS);
    expectNoFiles(driver);
  });

  it('Ctrl-C twice leaves at once, and nothing behind', async () => {
    // Closing in order would wait for ten minutes: for a command that does not mind being told to end.
    await start('patient work');
    await driver.said('working');
    driver.child.kill('SIGINT');
    // Signals of one kind melt into one while the first is not handled.
    const again = setInterval(() => driver.child.kill('SIGINT'), 50);
    const { code } = await driver.end;
    clearInterval(again);
    expect(code).to.equal(130);
    await driver.untilNothingLeft(LIMIT_MS);
    expectNoFiles(driver);
  });

  it('SIGTERM cancels and closes in order', async () => {
    await start('work');
    await driver.said('working');
    driver.child.kill('SIGTERM');
    expect((await driver.end).code).to.equal(143);
    await driver.untilNothingLeft(LIMIT_MS);
    expectNoFiles(driver);
  });

  it('SIGKILL leaves nothing behind within the heartbeat threshold', async () => {
    await start('work');
    await driver.said('working');
    driver.child.kill('SIGKILL');
    expect((await driver.end).signal).to.equal('SIGKILL');
    await driver.untilNothingLeft(LIMIT_MS);
  });

  it('an error that nobody catches ends the script with its own stack, and nothing is left behind', async () => {
    await start('throws');
    expect((await driver.end).code).to.equal(1);
    expect(driver.stderr).to.include('Error: the script is wrong');
    await driver.untilNothingLeft(LIMIT_MS);
    expectNoFiles(driver);
  });

  it('process.exit() leaves nothing behind', async () => {
    await start('exits');
    expect((await driver.end).code).to.equal(7);
    await driver.untilNothingLeft(LIMIT_MS);
    expectNoFiles(driver);
  });

  if (!executor.hasProcesses) return;

  it('a script that keeps its own event loop busy for longer than the heartbeat threshold loses nothing', async () => {
    await start('busy');
    await driver.said('free');
    driver.child.kill('SIGINT');
    expect((await driver.end).code).to.equal(130);
    expect(driver.stderr).not.to.match(/lost/i);
    await driver.untilNothingLeft(LIMIT_MS);
  });
}

/** Values that lay in the run's store, temporary folders. */
function expectNoFiles({ folder }: Driver): void {
  expect(readdirSync(folder).filter((name) => name.startsWith('flotilla-'))).to.deep.equal([]);
  expect(existsSync(join(folder, 'runinfo', '000', 'store'))).to.equal(false);
}
