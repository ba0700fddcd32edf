import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelChannel, logChannel } from '../../../lib/kernel/channels.ts';
import { formatLine, RUN_LOG, startRunLog } from '../../../lib/kernel/run-log.ts';

describe('the run log', () => {
  let runDir: string;
  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), 'flotilla-log-'));
  });
  afterEach(() => rmSync(runDir, { recursive: true, force: true }));
  const text = (): string => readFileSync(join(runDir, RUN_LOG), 'utf8');

  it('gets a line for each event, with time, level, executor, message and fields', () => {
    const stop = startRunLog(runDir);
    kernelChannel.publish({ state: 'started', runDir });
    logChannel.publish({ executor: 'htex', level: 'warn', message: 'a manager was lost', fields: { block: '0' } });
    stop();
    const [started, lost, ...rest] = text().split('\n');
    expect(started).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}- {2}kernel started$/);
    expect(lost).to.match(/Z warn {2}htex {2}a manager was lost \{"block":"0"\}$/);
    expect(rest).to.deep.equal(['']);
  });

  it('gets nothing after it was stopped, which may be done twice', () => {
    const stop = startRunLog(runDir);
    stop();
    stop();
    logChannel.publish({ executor: 'htex', level: 'info', message: 'late' });
    expect(text()).to.equal('');
  });

  it('is appended to', () => {
    for (const message of ['one', 'two']) {
      const stop = startRunLog(runDir);
      logChannel.publish({ executor: 'htex', level: 'info', message });
      stop();
    }
    expect(
      text()
        .trim()
        .split('\n')
        .map((line) => line.split('  ').at(-1)),
    ).to.deep.equal(['one', 'two']);
  });

  it('keeps one event on one line, and survives fields that are no JSON', () => {
    expect(formatLine(new Date(0), { executor: 'x', level: 'error', message: 'a\nb', fields: { n: 1n } })).to.equal(
      '1970-01-01T00:00:00.000Z error x  a\\nb\n',
    );
  });
});
