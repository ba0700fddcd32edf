import { expect } from 'chai';
import {
  createTaskGraph,
  type GraphEffect,
  type GraphEvent,
  MAX_EXPIRIES,
  MAX_LOSSES,
  step,
  type TaskGraph,
  type TaskId,
  type TaskPolicy,
  type TryResult,
  unfinishedDependencies,
} from '../../../lib/graph/task-graph.ts';

const id = (number: number): TaskId => number as TaskId;

const PLAIN: TaskPolicy = { retries: 0, onLost: 'retry', onFailure: 'fail' };

const submit = (task: number, after: readonly number[] = [], policy: TaskPolicy = PLAIN): GraphEvent => ({
  kind: 'submitted',
  id: id(task),
  policy,
  after: after.map(id),
});
const ended = (task: number, result: TryResult, tryNumber = 1): GraphEvent => ({ kind: 'tryEnded', id: id(task), tryNumber, result });
const ok = (task: number, tryNumber = 1): GraphEvent => ended(task, { kind: 'ok' }, tryNumber);
const failed = (task: number, tryNumber = 1, cost = 1): GraphEvent => ended(task, { kind: 'failed', cost }, tryNumber);
const lost = (task: number, tryNumber = 1): GraphEvent => ended(task, { kind: 'lost' }, tryNumber);
const expired = (task: number, tryNumber = 1): GraphEvent => ended(task, { kind: 'expired' }, tryNumber);
const cancel = (task: number): GraphEvent => ({ kind: 'cancelRequested', id: id(task) });
const awaited = (task: number): GraphEvent => ({ kind: 'externalAwaited', id: id(task) });
const settled = (task: number, isOk: boolean): GraphEvent => ({ kind: 'externalSettled', id: id(task), ok: isOk });

/** "launch 1.2 (failed)": task 1, try 2. */
function show(effect: GraphEffect): string {
  switch (effect.kind) {
    case 'launch':
      return `launch ${effect.id}.${effect.tryNumber} (${effect.reason})`;
    case 'cancelTry':
      return `cancel try ${effect.id}.${effect.tryNumber}`;
    case 'failed':
      return `${effect.id} failed (${effect.why})`;
    case 'dependencyFailed':
      return `${effect.id} cannot run because of ${effect.upstream}`;
    case 'dependencyCancelled':
      return `${effect.id} is cancelled because of ${effect.upstream}`;
    case 'ignored':
      return `${effect.id} is ignored (${effect.why})`;
    default:
      return `${effect.id} succeeded`;
  }
}

function play(events: readonly GraphEvent[]): { graph: TaskGraph; last: string[] } {
  const graph = createTaskGraph();
  let last: readonly GraphEffect[] = [];
  for (const event of events) last = step(graph, event);
  return { graph, last: last.map(show) };
}

interface Row {
  readonly when: string;
  readonly events: readonly GraphEvent[];
  /** Of the last event. */
  readonly then: readonly string[];
}

const twoRetries: TaskPolicy = { ...PLAIN, retries: 2 };
const never: TaskPolicy = { ...PLAIN, retries: 5, onLost: 'fail' };
const ignore: TaskPolicy = { ...PLAIN, onFailure: 'ignore' };
const cancelling: TaskPolicy = { ...PLAIN, onFailure: 'cancelSuccessors' };

const ROWS: readonly Row[] = [
  { when: 'its block expires under a task', events: [submit(1), expired(1)], then: ['launch 1.2 (lost)'] },
  { when: 'its block expires under a task that must not run twice', events: [submit(1, [], never), expired(1)], then: ['1 failed (lost)'] },
  {
    when: 'blocks have expired under a task before its second loss',
    events: [submit(1), expired(1), expired(1, 2), expired(1, 3), lost(1, 4), lost(1, 5)],
    then: ['launch 1.6 (lost)'],
  },
  {
    when: 'a task has outlived as many blocks as any may',
    events: [submit(1), ...Array.from({ length: MAX_EXPIRIES }, (_, i) => expired(1, i + 1))],
    then: ['1 failed (lost)'],
  },
  { when: 'a task depends on nothing', events: [submit(1)], then: ['launch 1.1 (ready)'] },
  { when: 'a task depends on one that is not done', events: [submit(1), submit(2, [1])], then: [] },
  { when: 'a task depends on one that is done already', events: [submit(1), ok(1), submit(2, [1])], then: ['launch 2.1 (ready)'] },
  { when: 'the only dependency succeeds', events: [submit(1), submit(2, [1]), ok(1)], then: ['1 succeeded', 'launch 2.1 (ready)'] },
  { when: 'the first of two dependencies succeeds', events: [submit(1), submit(2), submit(3, [1, 2]), ok(2)], then: ['2 succeeded'] },
  {
    when: 'the last of two dependencies succeeds',
    events: [submit(1), submit(2), submit(3, [1, 2]), ok(2), ok(1)],
    then: ['1 succeeded', 'launch 3.1 (ready)'],
  },
  { when: 'a task names one dependency twice', events: [submit(1), submit(2, [1, 1]), ok(1)], then: ['1 succeeded', 'launch 2.1 (ready)'] },
  {
    when: 'one has several dependents',
    events: [submit(1), submit(2, [1]), submit(3, [1]), ok(1)],
    then: ['1 succeeded', 'launch 2.1 (ready)', 'launch 3.1 (ready)'],
  },
  { when: 'a try fails and there are no retries', events: [submit(1), failed(1)], then: ['1 failed (failed)'] },
  { when: 'a try fails within the retries', events: [submit(1, [], twoRetries), failed(1)], then: ['launch 1.2 (failed)'] },
  { when: 'the costs are used up exactly', events: [submit(1, [], twoRetries), failed(1), failed(1, 2)], then: ['launch 1.3 (failed)'] },
  {
    when: 'the costs pass the retries',
    events: [submit(1, [], twoRetries), failed(1), failed(1, 2), failed(1, 3)],
    then: ['1 failed (failed)'],
  },
  {
    when: 'each failure costs a half',
    events: [submit(1, [], twoRetries), failed(1, 1, 0.5), failed(1, 2, 0.5), failed(1, 3, 0.5), failed(1, 4, 0.5)],
    then: ['launch 1.5 (failed)'],
  },
  { when: 'trying again cannot help', events: [submit(1, [], twoRetries), failed(1, 1, Infinity)], then: ['1 failed (failed)'] },
  { when: 'a worker is lost under a task without retries', events: [submit(1), lost(1)], then: ['launch 1.2 (lost)'] },
  { when: 'a task has lost as many workers as it may', events: [submit(1), lost(1), lost(1, 2), lost(1, 3)], then: ['1 failed (lost)'] },
  { when: 'a worker is lost under a task that must not run twice', events: [submit(1, [], never), lost(1)], then: ['1 failed (lost)'] },
  {
    when: 'a loss comes between failures',
    events: [submit(1, [], { ...PLAIN, retries: 1 }), lost(1), failed(1, 2)],
    then: ['launch 1.3 (failed)'],
  },
  { when: 'a try never started', events: [submit(1), ended(1, { kind: 'unstarted' })], then: ['launch 1.2 (unstarted)'] },
  {
    when: 'a try that never started is reported twice',
    events: [submit(1), ended(1, { kind: 'unstarted' }), ended(1, { kind: 'unstarted' })],
    then: [],
  },
  { when: 'the result of a superseded try arrives', events: [submit(1), lost(1), ok(1, 1)], then: [] },
  { when: 'a result arrives twice', events: [submit(1), ok(1), ok(1)], then: [] },
  { when: 'a result arrives for a task that waits', events: [submit(1), submit(2, [1]), ok(2)], then: [] },
  { when: 'a result arrives for a task that nobody knows', events: [ok(9)], then: [] },
  { when: 'a result arrives for what is no task', events: [awaited(-1), submit(1, [-1]), ok(-1)], then: [] },
  {
    when: 'a dependency fails',
    events: [submit(1), submit(2, [1]), submit(3, [2]), submit(4), failed(1)],
    then: ['1 failed (failed)', '2 cannot run because of 1', '3 cannot run because of 2'],
  },
  {
    when: 'both ways to a task fail',
    events: [submit(1), submit(2, [1]), submit(3, [1]), submit(4, [2, 3]), failed(1)],
    then: ['1 failed (failed)', '2 cannot run because of 1', '3 cannot run because of 1', '4 cannot run because of 2'],
  },
  {
    when: 'one of two dependencies has failed and the other succeeds after that',
    events: [submit(1), submit(2), submit(3, [1, 2]), failed(1), ok(2)],
    then: ['2 succeeded'],
  },
  { when: 'a waiting task is cancelled', events: [submit(1), submit(2, [1]), cancel(2)], then: ['2 failed (cancelled)'] },
  { when: 'what a cancelled task waited for succeeds', events: [submit(1), submit(2, [1]), cancel(2), ok(1)], then: ['1 succeeded'] },
  {
    when: 'a waiting task with dependents is cancelled',
    events: [submit(1), submit(2, [1]), submit(3, [2]), cancel(2)],
    then: ['2 failed (cancelled)', '3 cannot run because of 2'],
  },
  { when: 'a launched task is cancelled', events: [submit(1), cancel(1)], then: ['cancel try 1.1'] },
  { when: 'a task is cancelled twice', events: [submit(1), cancel(1), cancel(1)], then: [] },
  { when: 'a task that has ended is cancelled', events: [submit(1), ok(1), cancel(1)], then: [] },
  {
    when: 'the cancelled try ends as cancelled',
    events: [submit(1), cancel(1), ended(1, { kind: 'cancelled' })],
    then: ['1 failed (cancelled)'],
  },
  { when: 'a result overtakes the cancellation', events: [submit(1), cancel(1), ok(1)], then: ['1 succeeded'] },
  { when: 'a cancelled try fails', events: [submit(1, [], twoRetries), cancel(1), failed(1)], then: ['1 failed (cancelled)'] },
  { when: 'a cancelled try is lost', events: [submit(1), cancel(1), lost(1)], then: ['1 failed (cancelled)'] },
  {
    when: 'a cancelled try never started',
    events: [submit(1), cancel(1), ended(1, { kind: 'unstarted' })],
    then: ['1 failed (cancelled)'],
  },
  { when: 'a promise is fulfilled', events: [awaited(-1), submit(1, [-1]), settled(-1, true)], then: ['launch 1.1 (ready)'] },
  { when: 'a promise is rejected', events: [awaited(-1), submit(1, [-1]), settled(-1, false)], then: ['1 cannot run because of -1'] },
  {
    when: 'a task whose failure is ignored fails',
    events: [submit(1, [], ignore), submit(2, [1]), failed(1)],
    then: ['1 is ignored (failed)', 'launch 2.1 (ready)'],
  },
  { when: 'it is within its retries', events: [submit(1, [], { ...ignore, retries: 1 }), failed(1)], then: ['launch 1.2 (failed)'] },
  { when: 'it is lost for the last time', events: [submit(1, [], { ...ignore, onLost: 'fail' }), lost(1)], then: ['1 is ignored (lost)'] },
  {
    when: 'a task whose failure is ignored is cancelled',
    events: [submit(1, [], ignore), cancel(1), failed(1)],
    then: ['1 failed (cancelled)'],
  },
  {
    when: 'a task whose failure is ignored never ran for want of another',
    events: [submit(1), submit(2, [1], ignore), submit(3, [2]), failed(1)],
    then: ['1 failed (failed)', '2 cannot run because of 1', '3 cannot run because of 2'],
  },
  {
    when: 'a task that cancels its successors fails',
    events: [submit(1, [], cancelling), submit(2, [1]), submit(3, [2]), submit(4), failed(1)],
    then: ['1 failed (failed)', '2 is cancelled because of 1', '3 is cancelled because of 2'],
  },
  {
    when: 'a task that cancels its successors is cancelled itself',
    events: [submit(1), submit(2, [1], cancelling), submit(3, [2]), cancel(2)],
    then: ['2 failed (cancelled)', '3 is cancelled because of 2'],
  },
  {
    when: 'a task that cancels its successors never ran for want of another',
    events: [submit(1), submit(2, [1], cancelling), submit(3, [2]), failed(1)],
    then: ['1 failed (failed)', '2 cannot run because of 1', '3 cannot run because of 2'],
  },
  {
    when: 'a promise that cancels its successors is rejected',
    events: [awaited(-1), submit(1, [-1]), { kind: 'externalSettled', id: id(-1), ok: false, cancelSuccessors: true }],
    then: ['1 is cancelled because of -1'],
  },
  {
    when: 'a task ends its group',
    events: [submit(1, [], { ...ignore, retries: 3 }), submit(2, [1]), ended(1, { kind: 'groupError' })],
    then: ['1 failed (failed)', '2 cannot run because of 1'],
  },
  { when: 'a promise settles twice', events: [awaited(-1), submit(1, [-1]), settled(-1, true), settled(-1, false)], then: [] },
];

describe('the task graph', () => {
  for (const { when, events, then } of ROWS) {
    it(`when ${when}: ${then.length === 0 ? 'nothing' : then.join(', ')}`, () => {
      expect(play(events).last).to.deep.equal(then);
    });
  }

  it('keeps nothing of tasks that have ended', () => {
    const { graph } = play([
      submit(1),
      submit(2, [1]),
      submit(3),
      awaited(-1),
      submit(4, [-1]),
      failed(1),
      ok(3),
      settled(-1, true),
      ok(4),
    ]);
    expect(graph.nodes.size).to.equal(0);
  });

  it('says how many a task waits for', () => {
    const { graph } = play([submit(1), submit(2), submit(3, [1, 2]), ok(1)]);
    expect(unfinishedDependencies(graph, id(3))).to.equal(1);
    expect(unfinishedDependencies(graph, id(2)), 'a launched task').to.equal(undefined);
  });

  it('stops a task after three losses', () => expect(MAX_LOSSES).to.equal(3));

  it('fails a chain of 100,000 behind one failure without recursion', () => {
    const graph = createTaskGraph();
    step(graph, submit(1));
    for (let task = 2; task <= 100_000; task++) step(graph, submit(task, [task - 1]));
    const effects = step(graph, failed(1));
    expect(effects.length).to.equal(100_000);
    expect(graph.nodes.size).to.equal(0);
  });
});
