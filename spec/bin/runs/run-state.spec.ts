import { hostname } from 'node:os';
import { expect } from 'chai';
import { runStateOf } from '../../../bin/runs/run-state.ts';
import { describeRun } from '../../../bin/runs/show-text.ts';
import type { RunEvent } from '../../../lib/events/events.ts';
import { RunSummary } from '../../../lib/events/projections/run-summary.ts';
import type { LogCondition } from '../../../lib/events/reader.ts';

const started = (host: string, pid: number): RunEvent => ({
  kind: 'runStarted',
  runId: '',
  flotilla: '',
  node: '',
  host,
  pid,
  cwd: '/',
  argv: ['/s.ts'],
  executors: [],
});
const here = started(hostname(), process.pid);
/** Beyond the largest number that Linux gives to a process. */
const gone = started(hostname(), 2 ** 22 + 1);
const away = started(`${hostname()}-not`, process.pid);
const closed: RunEvent = { kind: 'kernelChanged', state: 'closed' };

/** A second from each event to the next. */
function summarize(events: readonly RunEvent[], log: Partial<LogCondition> = {}): RunSummary {
  const summary = new RunSummary();
  for (const [i, event] of events.entries()) summary.add({ atMs: i * 1000, event });
  summary.log = { ...summary.log, ...log };
  return summary;
}

describe('the state of a run', () => {
  const damaged = { isDamaged: true, unreadBytes: 9 };
  const rows: readonly [state: string, title: string, events: readonly RunEvent[], log?: Partial<LogCondition>][] = [
    ['running', 'its driver is there', [here]],
    ['running', 'its driver is there, although its log is damaged', [here], damaged],
    ['broken off', 'its driver is gone', [gone]],
    ['unknown', 'its driver is gone and its log is damaged', [gone], damaged],
    ['open', 'its driver is on another machine', [away]],
    ['closed', 'its log says so', [away, closed]],
    ['closed', 'its log had room for that only', [gone], { hasLost: true, hasClosed: true }],
    ['unknown', 'its log has no event', []],
    ['unknown', 'its log has a part of its first event', [], { unreadBytes: 4 }],
  ];
  for (const [state, title, events, log] of rows)
    it(`is '${state}' where ${title}`, () => expect(runStateOf(summarize(events, log))).to.equal(state));
});

describe('how long a run took', () => {
  const firstLine = (summary: RunSummary): string | undefined =>
    describeRun({ run: '007', path: '/r/007' }, summary, runStateOf(summary))[0];
  const full = { hasLost: true, hasClosed: true };

  it('is the time up to its last event', () => expect(firstLine(summarize([here, closed]))).to.equal('run 007: closed, 1.0s; /r/007'));

  it('is known where events before its end are missing', () =>
    expect(firstLine(summarize([here, { kind: 'eventsLost', count: 3, reason: '' }, closed], full))).to.equal(
      'run 007: closed, 2.0s; /r/007',
    ));

  it('is told to be that of what was kept where its end is missing', () => {
    const events: RunEvent[] = [gone, { kind: 'kernelChanged', state: 'started' }];
    expect(firstLine(summarize(events, full))).to.equal('run 007: closed, 1.0s up to the last event that was kept; /r/007');
    expect(firstLine(summarize(events, { isDamaged: true, unreadBytes: 9 }))).to.include(
      'unknown, 1.0s up to the last event that was kept;',
    );
    expect(firstLine(summarize([], { unreadBytes: 4 }))).to.equal('run 007: unknown, 0.0ms; /r/007');
  });
});
