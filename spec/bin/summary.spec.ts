import { expect } from 'chai';
import { FailureLog, type TaskFailure } from '../../bin/failures.ts';
import { JoinError } from '../../lib/errors/future-errors.ts';
import { onePerClass } from '../lib/errors/one-per-class.ts';
import { formatSummary } from '../../bin/summary.ts';

const failure = (taskId: number, name: string, error: unknown, stderr?: string): TaskFailure => ({ taskId, name, error, stderr });

function summarize(failures: readonly TaskFailure[], counts = {}): string[] {
  const log = new FailureLog();
  for (const one of failures) log.add(one);
  return formatSummary({
    counts: {
      total: 10,
      waiting: 0,
      queued: 0,
      running: 0,
      ignored: 0,
      memoized: 0,
      done: 10 - failures.length,
      failed: failures.length,
      cancelled: 0,
      ...counts,
    },
    wallMs: 12_000,
    runDir: 'runinfo/003',
    log: 'runinfo/003/flotilla.log',
    groups: log.groups(),
    dependents: log.dependents,
    ungrouped: log.ungrouped,
  });
}

describe('the summary', () => {
  it('says how many, how long and where', () => {
    expect(summarize([])).to.deep.equal(['10 tasks: 10 done in 12s; run directory runinfo/003']);
  });

  it('says what has not ended', () => {
    expect(summarize([], { done: 6, ignored: 1, cancelled: 1 })[0]).to.equal(
      '10 tasks: 6 done, 1 failed and ignored, 1 cancelled, 2 not ended in 12s; run directory runinfo/003',
    );
  });

  it('says that there were no tasks', () => expect(summarize([], { total: 0, done: 0 })[0]).to.match(/^no tasks in 12s/));

  it('groups failures by app and message, numbers aside, with the first three tasks and where to look', () => {
    const failures = [1, 2, 3, 4].map((id) =>
      failure(id, 'simulate', new RangeError(`temperature ${id * 1.5} is too low\nmore`), `runinfo/003/task-${id}.stderr`),
    );
    expect(summarize([failure(9, 'fit', new Error('singular')), ...failures]).slice(1)).to.deep.equal([
      '  4 × simulate: RangeError: temperature 1.5 is too low (tasks 1, 2, 3, …)',
      '      stderr: runinfo/003/task-1.stderr',
      '  1 × fit: Error: singular (task 9)',
    ]);
  });

  it('says of a join, and of a poisonous task, what stands behind the colon at the end of the first line', () => {
    const join = new JoinError({ failures: [{ taskId: 2, error: new RangeError('too hot') }] }, { total: 1 });
    const lines = summarize([failure(1, 'both', join), failure(3, 'leak', onePerClass.PoisonTaskError)]).slice(1);
    expect(lines[0]).to.match(/1 part of the join failed: task 2: RangeError: too hot \(task 1\)$/);
    expect(lines[1]).to.include('process.exit): 1. worker ');
  });

  it('counts the tasks that failed with another, and does not build their messages', () => {
    const dependent = new Error();
    dependent.name = 'DependencyError';
    Object.defineProperty(dependent, 'message', {
      get: () => {
        throw new Error('built');
      },
    });
    expect(summarize([failure(1, 'a', new Error('x')), failure(2, 'b', dependent), failure(3, 'b', dependent)]).slice(1)).to.deep.equal([
      '  1 × a: Error: x (task 1)',
      '  2 × not run, because a task before them failed',
    ]);
  });

  it('lists no task that was cancelled', () => {
    const cancelled = new Error('cancelled');
    cancelled.name = 'CancelledError';
    expect(summarize([failure(1, 'a', cancelled)], { failed: 0, cancelled: 1 })).to.have.length(1);
  });

  it('holds a bounded number of groups, and counts the rest', () => {
    const letters = (n: number): string => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    const failures = Array.from({ length: 500 }, (_, id) => failure(id, 'app', new Error(letters(id))));
    const lines = summarize(failures);
    expect(lines).to.have.length(12);
    expect(lines.at(-1)).to.contain('490 more with other messages; runinfo/003/flotilla.log has them all');
  });

  it('tells tasks of one group by their labels, shortened', () => {
    const error = new Error('too hot');
    const failures = ['T = 3', 'x'.repeat(100)].map((label, i) => ({ ...failure(i + 1, 'simulate', error), label }));
    const [line = ''] = summarize([...failures, failure(3, 'simulate', error)]).slice(1);
    expect(line).to.match(/^ {2}3 × simulate: Error: too hot \(tasks 1 \[T = 3\], 2 \[x+ … x+\], 3\)$/);
    expect(line).to.have.length.below(100);
  });

  it('shows what was thrown that is no Error', () => expect(summarize([failure(1, 'a', 'text')])[1]).to.equal('  1 × a: text (task 1)'));
});
