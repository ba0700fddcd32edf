import { expect } from 'chai';
import { explainTask } from '../../../bin/runs/explain-text.ts';
import { describeDecision } from '../../../bin/runs/memo-text.ts';
import { describeOrigin } from '../../../bin/runs/origin-text.ts';
import type { MemoDecision, RunEvent, RunStarted } from '../../../lib/events/events.ts';
import { RunSummary } from '../../../lib/events/projections/run-summary.ts';
import { TaskHistories, type TaskHistory } from '../../../lib/events/projections/task-histories.ts';

const rows: [MemoDecision, string][] = [
  [{ kind: 'taken', run: '003', task: 4 }, 'not run: the result is that of task 4 of run 003, the same call'],
  [{ kind: 'taken', run: '007', task: 4 }, 'not run: the result is that of task 4, the same call'],
  [{ kind: 'twin', task: 4 }, 'task 4 is the same call and is under way: its result will do for this one'],
  [{ kind: 'withoutKey', reason: 'args[0] is a function' }, 'run without the memo: args[0] is a function'],
  [{ kind: 'unusable', reason: 'its output a is gone' }, 'run, though there is a result of the same call: its output a is gone'],
  [{ kind: 'missed', differing: ['app'] }, 'run: there is no result of an app of this name in what the run has resumed'],
  [{ kind: 'missed', differing: ['code', 'args[1]', 'its command'] }, 'run: no kept result has the same code, args[1], command'],
  [{ kind: 'missed', differing: ['code', 'version'] }, 'run: no kept result of these arguments has the same code, version'],
  [{ kind: 'missed', differing: [] }, 'run: no kept result is of all these arguments together'],
];

describe('what the memo did, in words', () => {
  for (const [decision, text] of rows) it(text, () => expect(describeDecision(decision, '007')).to.equal(text));
});

describe('how a run was started, in words', () => {
  const started = { kind: 'runStarted', runId: '', flotilla: '', node: '', host: '', pid: 1, cwd: '/', argv: [], executors: [] } as const;
  const origins: [Partial<RunStarted>, string[]][] = [
    [{}, []],
    [{ config: { from: 'default', name: 'local' } }, ['config local (default)']],
    [{ config: { from: 'load()' }, set: ['a=1', 'b=2'] }, ['config given to load() in the script, with --set a=1 --set b=2']],
    [{ resumed: ['/w/runinfo/003/checkpoint/results.ckpt', '/w/my.ckpt'] }, ['resumed run 003, /w/my.ckpt']],
  ];
  for (const [origin, lines] of origins)
    it(lines.join() || 'nothing, where nothing is known', () => expect(describeOrigin({ ...started, ...origin })).to.deep.equal(lines));
});

describe('the story of a task', () => {
  const story = (...events: readonly RunEvent[]): string => {
    const histories = new TaskHistories();
    for (const [i, event] of events.entries()) histories.add({ atMs: i, event });
    const task = histories.get(1) as TaskHistory;
    const rest = { summary: new RunSummary(), chain: [], children: [], others: new Map() };
    return explainTask(task, rest, { run: '007', state: 'closed', isGone: () => false }).join('\n');
  };
  const called: RunEvent = { kind: 'taskCalled', taskId: 1, name: 'app', app: 'js' };

  it('tells of a task that took a result that it is done, and whose it was', () => {
    const text = story(
      called,
      { kind: 'memoDecided', taskId: 1, decision: { kind: 'taken', run: '003', task: 9 } },
      { kind: 'taskEnded', taskId: 1, name: 'app', state: 'done' },
    );
    expect(text)
      .to.match(/^task 1 \(app\): done, with the result of task 9 of run 003, /)
      .and.not.include('try 1');
  });

  it('tells of a twin that has not ended what it waits for', () => {
    expect(story(called, { kind: 'memoDecided', taskId: 1, decision: { kind: 'twin', task: 9 } })).to.match(
      /it waited for task 9, the same call$/,
    );
  });

  it('tells why a task was cancelled where nobody asked for it, and once where somebody did', () => {
    const error = { name: 'CancelledError', message: "task 1 (app) was cancelled: group 'sweep' has ended" };
    const ended: RunEvent = { kind: 'taskEnded', taskId: 1, name: 'app', state: 'cancelled', error };
    expect(story(called, ended)).to.match(/ {2}cancelled: group 'sweep' has ended$/);
    const asked = story(called, { kind: 'cancelRequested', taskId: 1, reason: "group 'sweep' has ended" }, ended);
    expect(asked).to.match(/asked to be cancelled: group 'sweep' has ended\n.* {2}cancelled$/);
  });

  it('tells what stands behind the colon at the end of the first line of an error', () => {
    const error = { name: 'JoinError', message: '1 of 1 part of the join failed:\n  task 2: RangeError: too hot' };
    const text = story(called, { kind: 'taskEnded', taskId: 1, name: 'app', state: 'failed', error });
    expect(text).to.match(/JoinError: 1 of 1 part of the join failed: task 2: RangeError: too hot$/);
  });

  it('tells of a failure that is ignored', () => {
    const error = { name: 'RangeError', message: 'bad' };
    const text = story(called, { kind: 'taskEnded', taskId: 1, name: 'app', state: 'ignored', error });
    expect(text)
      .to.match(/^task 1 \(app\): failed, which is ignored, /)
      .and.match(/onFailure gives: RangeError: bad$/);
  });
});
