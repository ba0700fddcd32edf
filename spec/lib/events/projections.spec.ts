import { expect } from 'chai';
import type { RunEvent, TryEnded, TryGranted } from '../../../lib/events/events.ts';
import { RunSummary } from '../../../lib/events/projections/run-summary.ts';
import { TaskHistories } from '../../../lib/events/projections/task-histories.ts';

const error = { name: 'RangeError', message: 'bad' };
const called = (taskId: number, name = 'app'): RunEvent => ({ kind: 'taskCalled', taskId, name, app: 'js' });
const launched = (taskId: number, tryNumber = 1): RunEvent => ({ kind: 'tryLaunched', taskId, tryNumber, executor: 'x' });
const tryEnded = (taskId: number, more: Partial<TryEnded> = {}): RunEvent => ({
  kind: 'tryEnded',
  taskId,
  tryNumber: 1,
  outcome: 'done',
  host: 'h',
  worker: 'h/0',
  startMs: 1000,
  durationUs: 2000,
  ...more,
});
const ended = (taskId: number, state: 'done' | 'failed' | 'cancelled' = 'done', name = 'app'): RunEvent => ({
  kind: 'taskEnded',
  taskId,
  name,
  state,
});

const cpu = (index: number) => [index, 1] as const;
const granted = (taskId: number, more: Partial<TryGranted> = {}): TryGranted => ({
  kind: 'tryGranted',
  taskId,
  tryNumber: 1,
  manager: 'm',
  host: 'n1',
  cpus: [cpu(2), cpu(3)],
  gpus: [[0, 0.25]],
  ...more,
});

function histories(...events: RunEvent[]): TaskHistories {
  const all = new TaskHistories();
  for (const [i, event] of events.entries()) all.add({ atMs: 100 + i, event });
  return all;
}

function summary(...events: RunEvent[]): RunSummary {
  const sum = new RunSummary();
  for (const [i, event] of events.entries()) sum.add({ atMs: 100 + i, event });
  return sum;
}

describe('the history of a task', () => {
  it('has its tries, with where and when each ran and how it ended', () => {
    const task = histories(
      called(1),
      launched(1),
      tryEnded(1, { outcome: 'failed', error }),
      launched(1, 2),
      tryEnded(1, { tryNumber: 2, startMs: 5000, usage: { cpuMs: 1, peakMemoryKiB: 2 } }),
      ended(1),
    ).get(1);
    expect(task).to.include({ state: 'done', calledMs: 100, endedMs: 105, error: undefined });
    expect(task?.tries).to.deep.equal([
      {
        number: 1,
        executor: 'x',
        launchedMs: 101,
        host: 'h',
        worker: 'h/0',
        startMs: 1000,
        endMs: 1002,
        endedMs: 102,
        outcome: 'failed',
        usage: undefined,
        error,
        granted: undefined,
      },
      {
        number: 2,
        executor: 'x',
        launchedMs: 103,
        host: 'h',
        worker: 'h/0',
        startMs: 5000,
        endMs: 5002,
        endedMs: 104,
        outcome: 'done',
        usage: { cpuMs: 1, peakMemoryKiB: 2 },
        error: undefined,
        granted: undefined,
      },
    ]);
  });

  it('has what its tries were given', () => {
    const [first, second] =
      histories(
        called(1),
        launched(1),
        granted(1),
        tryEnded(1, { outcome: 'lost' }),
        launched(1, 2),
        granted(1, { tryNumber: 2, cpus: [cpu(7)] }),
      ).get(1)?.tries ?? [];
    expect(first?.granted).to.deep.equal({ atMs: 102, manager: 'm', host: 'n1', cpus: [cpu(2), cpu(3)], gpus: [[0, 0.25]] });
    expect(second).to.deep.include({ number: 2, outcome: 'launched' });
    expect(second?.granted?.cpus).to.deep.equal([cpu(7)]);
  });

  it('says in which state it is while it has not ended', () => {
    expect(histories(called(1)).get(1)).to.include({ state: 'pending' });
    expect(histories(called(1), launched(1)).get(1)).to.include({ state: 'launched' });
    expect(histories({ kind: 'taskCalled', taskId: 1, name: 'j', app: 'join' }, launched(1)).get(1)).to.include({ state: 'joining' });
  });

  it('has the error of the last try where the task has none of its own, and knows tries that no executor was given', () => {
    const task = histories(called(1), tryEnded(1, { outcome: 'failed', error, startMs: 0, host: '', worker: '' }), ended(1, 'failed')).get(
      1,
    );
    expect(task).to.deep.include({ state: 'failed', error });
    expect(task?.tries[0]).to.include({ number: 1, launchedMs: undefined, startMs: undefined, outcome: 'failed' });
  });

  it('is kept of the tasks that are asked for only, and begins with the call', () => {
    const some = new TaskHistories((id) => id === 2);
    for (const event of [called(1), called(2), tryEnded(3), { kind: 'kernelChanged', state: 'x' } as const]) some.add({ atMs: 0, event });
    expect([...some.all()].map(({ taskId }) => taskId)).to.deep.equal([2]);
  });
});

describe('the summary of a run', () => {
  it('counts tasks per app, and adds up the tries that ran', () => {
    const { apps, counts } = summary(
      called(1),
      launched(1),
      tryEnded(1, { durationUs: 4000, usage: { cpuMs: 3, peakMemoryKiB: 9 } }),
      ended(1),
      called(2),
      launched(2),
      tryEnded(2, { outcome: 'failed', error }),
      launched(2, 2),
      tryEnded(2, { tryNumber: 2, outcome: 'failed', error }),
      ended(2, 'failed'),
      called(3, 'other'),
      ended(3, 'cancelled', 'other'),
      called(4, 'other'),
    );
    expect(counts).to.deep.equal({ total: 4, done: 1, memoized: 0, failed: 1, ignored: 0, dependencyFailed: 0, cancelled: 1 });
    const app = apps.get('js\napp');
    expect(app).to.include({ total: 2, done: 1, failed: 1, retries: 1, runs: 3, totalMs: 8, maxMs: 4, cpuMs: 3, peakMemoryKiB: 9 });
    expect(app?.errors.all()).to.deep.equal([{ error, count: 1, taskIds: [2] }]);
    expect(apps.get('js\nother')).to.include({ total: 2, cancelled: 1, runs: 0 });
  });

  it('has failures in groups of messages, numbers in them aside, and counts those of yet other messages', () => {
    const failed = (taskId: number, message: string) => [
      called(taskId),
      launched(taskId),
      tryEnded(taskId, { outcome: 'failed', error: { name: 'Error', message } }),
      ended(taskId, 'failed'),
    ];
    const words = Array.from({ length: 300 }, (_, i) => 'x'.repeat(i + 1));
    const { apps } = summary(
      ...[7, 8, 9].flatMap((id) => failed(id, `no input for ${id}.5 K`)),
      ...words.flatMap((word, i) => failed(100 + i, `no ${word}`)),
    );
    const app = apps.get('js\napp');
    const groups = app?.errors.all() ?? [];
    expect(groups[0]).to.deep.equal({ error: { name: 'Error', message: 'no input for 7.5 K' }, count: 3, taskIds: [7, 8, 9] });
    expect(groups.reduce((sum, { count }) => sum + count, 0) + (app?.errors.ungrouped ?? 0), 'no failure is left out').to.equal(303);
    expect(app?.errors.ungrouped).to.be.above(0);
  });

  it('counts what tries were given by how much it was, not by which', () => {
    const pair = { hosts: ['n1', 'n2'], gpus: [] };
    const { apps, slowest } = summary(
      ...[
        granted(1),
        granted(2, { cpus: [cpu(0), cpu(1)] }),
        granted(3, { memoryBytes: 9, custom: { port: ['a', 'b'], licence: 0.5 }, ...pair }),
      ].flatMap((event, i) => [called(i + 1), launched(i + 1), event, tryEnded(i + 1, { durationUs: i }), ended(i + 1)]),
    );
    expect([...(apps.get('js\napp')?.given.values() ?? [])]).to.deep.equal([
      { cpus: 2, gpus: 0.25, memoryBytes: 0, custom: {}, nodes: 0, tries: 2 },
      { cpus: 2, gpus: 0, memoryBytes: 9, custom: { port: 2, licence: 0.5 }, nodes: 2, tries: 1 },
    ]);
    expect(slowest[0]?.granted?.hosts).to.deep.equal(['n1', 'n2']);
  });

  it('remembers open tasks only, the ten slowest, and what each worker did', () => {
    const events = Array.from({ length: 50 }, (_, i) => i + 1).flatMap((id) => [
      called(id),
      launched(id),
      tryEnded(id, { durationUs: ((id * 7) % 50) * 1000, worker: `h/${id % 2}`, outcome: id === 50 ? 'lost' : 'done' }),
      ended(id),
    ]);
    const { open, slowest, workers } = summary(...events, called(51));
    expect([...open.all()].map(({ taskId }) => taskId)).to.deep.equal([51]);
    expect(slowest.map(({ runMs }) => runMs)).to.deep.equal([49, 48, 47, 46, 45, 44, 43, 42, 41, 40]);
    expect([...workers.values()].map(({ worker, tries, lost }) => [worker, tries, lost])).to.deep.equal([
      ['h/1', 25, 0],
      ['h/0', 25, 1],
    ]);
  });

  it('knows when the run began, how long it took, and its kernel’s last word', () => {
    const first = {
      kind: 'runStarted',
      runId: 'r',
      flotilla: '0',
      node: 'v',
      host: 'h',
      pid: 1,
      cwd: '/',
      argv: [],
      executors: [],
    } as const;
    const sum = summary(first, { kind: 'kernelChanged', state: 'closed' }, { kind: 'eventsLost', count: 3, reason: 'full' });
    expect(sum).to.include({ startedMs: 100, lastMs: 102, kernelState: 'closed', lostEvents: 3 });
  });
});
