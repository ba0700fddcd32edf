import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Desk } from '../../../providers/batch/desk.ts';
import { identifyDriver } from '../../../providers/batch/driver-identity.ts';
import { Finder } from '../../../providers/batch/finder.ts';
import { Outage } from '../../../providers/batch/outage.ts';
import { reapDeadRuns } from '../../../providers/batch/reaper.ts';
import { OwnRecord, readRecords } from '../../../providers/batch/run-record.ts';
import { TokenBucket } from '../../../providers/batch/token-bucket.ts';
import { SimulatedClock, SimulatedScheduler } from './simulated-scheduler.ts';

describe('what a killed driver has left', () => {
  let folder: string;
  let scheduler: SimulatedScheduler;
  let log: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-records-'));
    scheduler = new SimulatedScheduler();
    log = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A process id that nobody has any more. */
  const deadPid = (): number => spawnSync('true').pid;

  interface Left {
    readonly run: string;
    readonly driver?: Partial<ReturnType<typeof identifyDriver>>;
    readonly graceMs?: number;
    readonly jobs?: Readonly<Record<string, string>>;
    readonly channel?: string;
    readonly silentForMs?: number;
  }

  async function leave({ run, driver, graceMs = 0, jobs = {}, channel = 'this machine', silentForMs = 1000 }: Left): Promise<string> {
    const prefix = `flotilla.${run}.`;
    const about = { version: 1, scheduler: 'the scheduler', channel, prefix, scriptDir: `/runs/${run}`, graceMs, jobs };
    const path = join(folder, `${run}.json`);
    await writeFile(path, JSON.stringify({ ...about, driver: { ...identifyDriver(), ...driver } }));
    const touched = new Date(Date.now() - silentForMs);
    await utimes(path, touched, touched);
    return path;
  }

  async function reap(): Promise<void> {
    const clock = new SimulatedClock();
    const note = (level: string, message: string): void => void log.push(`${level}: ${message}`);
    const desk = new Desk({ channel: scheduler, bucket: new TokenBucket({ capacity: 100, refillMs: 1, clock }), timeoutMs: 1000 });
    const finder = new Finder(scheduler.dialect, desk, new Outage('the scheduler', clock, note));
    await reapDeadRuns({ folder, scheduler: 'the scheduler', channel: 'this machine', own: undefined, finder, log: note, now: Date.now });
  }

  it('is cancelled, pending or running, and forgotten when the scheduler lists it no more', async () => {
    scheduler.put('1', 'flotilla.dead.htex-0', 'running');
    scheduler.put('2', 'flotilla.dead.htex-1', 'pending');
    await leave({ run: 'dead', driver: { pid: deadPid() } });
    await reap();
    expect(scheduler.live).to.deep.equal([]);
    expect(log).to.deep.equal(['info: jobs 1, 2 of the scheduler, left by run dead, which was killed (/runs/dead), are cancelled']);
    expect(await readdir(folder)).to.have.length(1);
    await reap();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('is told from the jobs of others, whatever they are called', async () => {
    const others = ['flotilla.deader.htex-0', 'flotilla.alive.htex-0', 'simulation', 'my flotilla.dead.htex-0'];
    for (const [index, name] of others.entries()) scheduler.put(String(index), name);
    await leave({ run: 'dead', driver: { pid: deadPid() }, jobs: { '0': 'flotilla.dead.htex-0', '2': 'flotilla.dead.htex-1' } });
    await leave({ run: 'alive' });
    await reap();
    expect(scheduler.live).to.deep.equal(others);
    expect(scheduler.count('cancel')).to.equal(0);
  });

  it('stays when the driver lives: as long as its process is there', async () => {
    scheduler.put('1', 'flotilla.alive.htex-0');
    await leave({ run: 'alive', silentForMs: 1e9 });
    await reap();
    expect(scheduler.calls).to.deep.equal([]);
  });

  it('is not mistaken for alive when its process id was given away again', async () => {
    scheduler.put('1', 'flotilla.dead.htex-0');
    await leave({ run: 'dead', driver: { started: '1' } });
    await reap();
    expect(scheduler.live).to.deep.equal([]);
  });

  for (const [how, silentForMs, live] of [
    ['stays while a driver on another machine has spoken lately', 60_000, 1],
    ['goes when a driver on another machine has been silent for half an hour', 31 * 60_000, 0],
  ] as const) {
    it(how, async () => {
      scheduler.put('1', 'flotilla.elsewhere.htex-0');
      await leave({ run: 'elsewhere', driver: { machine: 'another' }, silentForMs });
      await reap();
      expect(scheduler.live).to.have.length(live);
    });
  }

  it('is left to a successor for as long as the run asked for', async () => {
    scheduler.put('1', 'flotilla.durable.htex-0');
    const driver = { pid: deadPid() };
    await leave({ run: 'durable', driver, graceMs: 3_600_000, silentForMs: 60_000 });
    await reap();
    expect(scheduler.live).to.have.length(1);
    await leave({ run: 'durable', driver, graceMs: 3_600_000, silentForMs: 3_700_000 });
    await reap();
    expect(scheduler.live).to.deep.equal([]);
  });

  it('stays where a living driver has taken it over', async () => {
    scheduler.put('1', 'flotilla.dead.htex-0', 'running');
    scheduler.put('2', 'flotilla.dead.htex-1', 'running');
    await leave({ run: 'dead', driver: { pid: deadPid() } });
    await leave({ run: 'alive', jobs: { '1': 'flotilla.dead.htex-0' } });
    await reap();
    expect(scheduler.live).to.deep.equal(['flotilla.dead.htex-0']);
  });

  it('goes with the driver that took it over, when that one is killed', async () => {
    scheduler.put('1', 'flotilla.first.htex-0', 'running');
    await leave({ run: 'second', driver: { pid: deadPid() }, jobs: { '1': 'flotilla.first.htex-0' } });
    await reap();
    expect(scheduler.live).to.deep.equal([]);
  });

  it('is nothing to a run of another scheduler or another machine', async () => {
    scheduler.put('1', 'flotilla.dead.htex-0');
    await leave({ run: 'dead', driver: { pid: deadPid() }, channel: 'me@elsewhere' });
    await reap();
    expect(scheduler.calls).to.deep.equal([]);
  });

  it('is left for the next start when the scheduler does not answer', async () => {
    scheduler.put('1', 'flotilla.dead.htex-0');
    await leave({ run: 'dead', driver: { pid: deadPid() } });
    scheduler.isDown = true;
    await reap();
    expect(await readdir(folder)).to.have.length(1);
  });

  it('is not looked for in files that are no records', async () => {
    const whole = '{"version":1,"scheduler":"the scheduler","channel":"this machine","driver":{"pid":1},"graceMs":0,"jobs":{}';
    for (const [name, text] of Object.entries({
      'a.json': '',
      'b.json': '{"version":2}',
      'c.json': `${whole},"prefix":""}`,
      'd.txt': 'x',
    })) {
      await writeFile(join(folder, name), text);
    }
    expect(readRecords(folder)).to.deep.equal([]);
    await reap();
    expect(scheduler.calls).to.deep.equal([]);
  });
});

describe('the record of a running driver', () => {
  it('holds its jobs, and is there from the start to the end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flotilla-records-'));
    const about = { scheduler: 'Slurm', channel: 'this machine', prefix: 'flotilla.r.', scriptDir: '/r', graceMs: 0 };
    const record = new OwnRecord(join(folder, 'deep'), about);
    record.add('12', 'flotilla.r.htex-0');
    expect(readRecords(join(folder, 'deep')).map(({ record: stored }) => stored)).to.deep.equal([
      { version: 1, ...about, driver: identifyDriver(), jobs: { '12': 'flotilla.r.htex-0' } },
    ]);
    await rm(record.path);
    record.touch();
    expect(readRecords(join(folder, 'deep'))).to.have.length(1);
    record.remove();
    expect(readRecords(join(folder, 'deep'))).to.have.length(0);
    await rm(folder, { recursive: true });
  });
});
