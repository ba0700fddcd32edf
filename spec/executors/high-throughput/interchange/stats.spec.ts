import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type InterchangeReport, InterchangeStats } from '../../../../executors/high-throughput/interchange/stats.ts';
import { TestDriver, TestManager } from './support/test-driver.ts';
import { waitUntil } from './support/wait-until.ts';
import { encodeTasks } from './simulation/simulated-driver.ts';

const VARIABLE = 'FLOTILLA_INTERCHANGE_STATS';

describe('what an interchange says of itself', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-stats-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const reports = (): InterchangeReport[] =>
    readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as InterchangeReport);

  function reportAfter(use: (stats: InterchangeStats) => void): InterchangeReport {
    const stats = new InterchangeStats(folder);
    use(stats);
    stats.leaving();
    stats.write();
    return reports()[0] as InterchangeReport;
  }

  it('times tasks from their coming to their leaving, over as many turns as that takes', () => {
    const { tasks, mostQueued, placedAtOnce, delayUs } = reportAfter((stats) => {
      stats.arrived(90, 1000);
      stats.turnEnded(10, 1002, true);
      stats.turnEnded(0, 1010, false);
    });
    expect({ tasks, mostQueued, placedAtOnce }).to.deep.equal({ tasks: 90, mostQueued: 90, placedAtOnce: 90 });
    expect(delayUs.p50).to.be.closeTo(2000, 20);
    expect(delayUs.p99).to.be.closeTo(10_000, 100);
  });

  it('does not time those that have to wait for a slot, nor what comes behind them', () => {
    const { tasks, placedAtOnce, delayUs } = reportAfter((stats) => {
      stats.arrived(5, 1000);
      stats.turnEnded(2, 1001, false);
      stats.arrived(4, 2000);
      stats.turnEnded(0, 9000, false);
      stats.arrived(1, 9500);
      stats.turnEnded(0, 9501, false);
    });
    expect({ tasks, placedAtOnce }).to.deep.equal({ tasks: 8, placedAtOnce: 4 });
    expect(delayUs.max).to.be.closeTo(1000, 10);
  });

  it('is left by an interchange that is asked, when it ends', async () => {
    process.env[VARIABLE] = folder;
    let driver: TestDriver;
    try {
      driver = await TestDriver.start();
    } finally {
      delete process.env[VARIABLE];
    }
    const manager = await TestManager.start(driver);
    driver.define(1);
    driver.tasks(encodeTasks([{ taskId: 1, tryNumber: 1, fnId: 1, flags: 0, walltimeMs: 0 }]));
    await waitUntil(
      () => manager.held.length === 1,
      () => 'the task did not come',
    );
    await manager.link.close();
    await driver.close();
    const [report, ...others] = reports();
    expect(others).to.be.empty;
    expect(report).to.include({ tasks: 1, mostQueued: 1 });
    expect(report?.cpuMs).to.be.above(0);
    expect(report?.peakResidentBytes).to.be.above(10e6);
  });
});
