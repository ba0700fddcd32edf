import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tagWithTask } from '../../../lib/errors/app-error.ts';
import { CancelledError, DependencyError } from '../../../lib/errors/index.ts';
import { failureChannel, kernelChannel, logChannel } from '../../../lib/kernel/channels.ts';
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

  it('gets a line for each task that failed, with its label and host', () => {
    const task = { id: 3, app: 'fit', try: 1, host: 'n012', worker: '0' };
    const error = tagWithTask(new RangeError('too far\nand more'), 'FLOTILLA_APP_ERROR', task);
    const stop = startRunLog(runDir);
    failureChannel.publish({ taskId: 3, name: 'fit', label: 'T = 3', error, stderr: undefined });
    failureChannel.publish({ taskId: 4, name: 'fit', label: undefined, error: 'only text', stderr: undefined });
    stop();
    const messages = text().match(/(?<=Z ).+/g);
    expect(messages).to.deep.equal([
      'error -  task 3 (fit: T = 3) failed on n012: RangeError: too far',
      'error -  task 4 (fit) failed: only text',
    ]);
  });

  it('gets a short line for each task that did not run or was cancelled, without building its message', () => {
    const failed = new DependencyError({ task: { id: 2, app: 'b' }, upstream: new Error('x'), upstreamTask: { id: 1, app: 'a' } });
    const error = new DependencyError({ task: { id: 3, app: 'c' }, upstream: failed, upstreamTask: { id: 2, app: 'b' } });
    Object.defineProperty(error, 'message', { get: () => expect.fail('it was built') });
    const stop = startRunLog(runDir);
    failureChannel.publish({ taskId: 3, name: 'c', label: undefined, error, stderr: undefined });
    failureChannel.publish({ taskId: 5, name: 'c', label: undefined, error: new CancelledError({}, {}), stderr: undefined });
    stop();
    expect(text().match(/(?<=Z ).+/g)).to.deep.equal([
      'warn  -  task 3 (c) did not run: it needs task 1 (a), which failed',
      'info  -  task 5 (c) was cancelled',
    ]);
  });

  it('keeps the line of a failure short, whatever its message', () => {
    const stop = startRunLog(runDir);
    failureChannel.publish({ taskId: 1, name: 'a', label: 'l'.repeat(999), error: new Error('m'.repeat(1e6)), stderr: undefined });
    stop();
    expect(text()).to.have.length.below(700);
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
