/** What a driver leaves for another, and what that makes of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DurableRecord } from '../../../executors/high-throughput/durable-record.ts';
import {
  type DurableState,
  durableStatePath,
  readDurableState,
  writeDurableState,
} from '../../../executors/high-throughput/durable-state.ts';
import { endInterchange, TakeOver } from '../../../executors/high-throughput/take-over.ts';
import { identify } from '../../../lib/process-identity.ts';
import { eventually } from '../../support/eventually.ts';

const state = (more: Partial<DurableState> = {}): DurableState => ({
  port: 4711,
  keys: null,
  interchange: { pid: 1, started: 'gone' },
  managers: [{ managerId: 'm', blockId: '0' }],
  blocks: [{ blockId: '0', jobId: 'local-1', name: 'x' }],
  generation: 2,
  ...more,
});

describe('taking over managers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-take-over-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const pathIn = (run: string): string => durableStatePath(join(folder, run, 'htex'));
  const takeOver = (...runs: string[]): TakeOver =>
    new TakeOver(
      'htex',
      runs.map((run) => join(folder, run)),
    );

  it('goes by what the latest driver has left that has left anything', () => {
    writeDurableState(pathIn('000'), state());
    writeDurableState(pathIn('001'), state({ generation: 3 }));
    const { from, generation, expected, firstFunction } = takeOver('002', '001', '000');
    expect(from).to.deep.equal(state({ generation: 3 }));
    expect([generation, firstFunction]).to.deep.equal([4, 4 * 2 ** 20]);
    expect([...expected]).to.deep.equal([['m', '0']]);
    expect(statSync(pathIn('000')).mode & 0o777).to.equal(0o600);
  });

  it('begins anew where nothing was left', () => {
    const anew = takeOver('000');
    expect([anew.from, anew.generation, anew.isUnderWay, anew.firstFunction]).to.deep.equal([undefined, 0, false, 0]);
  });

  it('refuses what another release has left, and what is no record', () => {
    writeDurableState(pathIn('000'), { ...state(), version: 9 } as DurableState);
    expect(() => takeOver('000')).to.throw(/version 9, and this release reads 1/);
    writeFileSync(pathIn('000'), '{');
    expect(() => takeOver('000')).to.throw(/what .*durable.json says of its managers cannot be used/);
  });

  it('lets another driver try until its own work begins', () => {
    writeDurableState(pathIn('000'), state({ port: 0 }));
    const taken = takeOver('000');
    expect(taken.awaitedSettings).to.deep.equal([join(folder, '000', 'htex', 'keys', 'manager.json')]);
    taken.done();
    expect([taken.isUnderWay, existsSync(pathIn('000'))]).to.deep.equal([false, true]);
    taken.forget();
    expect(existsSync(pathIn('000'))).to.equal(false);
  });

  it('ends the interchange that there is, and none that merely has its number', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = identify(child.pid ?? 0);
    await endInterchange('htex', { ...identity, started: 'gone' });
    expect(child.signalCode).to.equal(null);
    const exited = once(child, 'exit');
    await endInterchange('htex', identity);
    expect((await exited)[1]).to.equal('SIGKILL');
  });

  it('is recorded once per turn, told when it cannot be, and gone at the end', async () => {
    let [described, failures] = [0, 0];
    const describeIt = (): DurableState => state({ generation: ++described });
    const record = new DurableRecord(pathIn('000'), describeIt, () => failures++);
    for (let i = 0; i < 5; i++) record.changed();
    await eventually('the record', () => existsSync(pathIn('000')));
    expect(readDurableState(pathIn('000'))?.generation).to.equal(1);
    record.end();
    record.writeNow();
    expect([existsSync(pathIn('000')), described, failures]).to.deep.equal([false, 1, 0]);
    writeFileSync(join(folder, 'file'), '');
    new DurableRecord(durableStatePath(join(folder, 'file')), describeIt, () => failures++).writeNow();
    expect(failures).to.equal(1);
  });
});
