/** One run, one driver: who may go on with it, and what is said to the others. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { announceDriver, chainOf, giveBackRun, isDurable, takeOverRun } from '../../../lib/durable/run-file.ts';

describe('who drives a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-run-file-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (name: string): string => join(folder, name);
  const driverFile = (name: string): string => join(run(name), 'durable', 'driver.json');
  /** As a driver leaves it that was killed, but for what `more` says. */
  const leave = (name: string, more: object = {}): void => {
    announceDriver(run(name), { executors: ['htex'], previous: undefined });
    const driver = JSON.parse(readFileSync(driverFile(name), 'utf8')) as object;
    writeFileSync(driverFile(name), JSON.stringify({ ...driver, started: 'gone', ...more }));
  };
  const take =
    (name: string, heir: string, labels = ['htex']) =>
    (): void =>
      takeOverRun(run(name), run(heir), labels);

  it('lets one heir take a run, and names it to every other', () => {
    leave('000');
    take('000', '001')();
    expect(take('000', '002')).to.throw('run 000 was taken over by run 001; resume that one');
    take('000', '001')();
    giveBackRun(run('000'));
    take('000', '002')();
    expect(take('000', '001')).to.throw('taken over by run 002');
  });

  it('refuses a run whose driver lives, on another machine, and where executors are gone', () => {
    announceDriver(run('000'), { executors: [], previous: undefined });
    expect(take('000', '001')).to.throw(`run 000 goes on: its driver is process ${process.pid}`);
    leave('000', { host: 'login7' });
    expect(take('000', '001')).to.throw(`run 000 was started on login7, where its managers look for a driver, and this is ${hostname()}`);
    leave('000', { executors: ['a', 'b', 'c'] });
    expect(take('000', '001', ['b'])).to.throw("run 000 had the executors 'a', 'c', whose managers may still be at work");
    expect(existsSync(join(run('000'), 'durable', 'taken-over-by'))).to.equal(false);
  });

  it('leads back to every run before, once', () => {
    leave('000', { previous: run('002') });
    leave('001', { previous: run('000') });
    leave('002', { previous: run('001') });
    expect(chainOf(run('002'))).to.deep.equal([run('002'), run('001'), run('000')]);
    expect(chainOf(undefined)).to.deep.equal([]);
    expect(isDurable(run('000'))).to.equal(true);
    expect(isDurable(run('003'))).to.equal(false);
  });
});
