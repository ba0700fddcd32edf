import { expect } from 'chai';
import type { RunEvent, TryEnded } from '../../lib/events/events.ts';
import { Verdict } from './verdict.ts';

const called = (taskId: number): RunEvent => ({ kind: 'taskCalled', taskId, name: 'app', app: 'js' });
const launched = (taskId: number, tryNumber: number): RunEvent => ({ kind: 'tryLaunched', taskId, tryNumber, executor: 'htex' });
const ended = (taskId: number, tryNumber: number, more: Partial<TryEnded> = {}): RunEvent => ({
  kind: 'tryEnded',
  taskId,
  tryNumber,
  outcome: 'done',
  host: 'h',
  worker: `h/${taskId}`,
  startMs: 1000,
  durationUs: 5000,
  ...more,
});
type Shares = readonly (readonly [number, number])[];
const granted = (taskId: number, gpus: Shares, cpus: Shares = [], manager = 'm'): RunEvent => ({
  kind: 'tryGranted',
  taskId,
  tryNumber: 1,
  manager,
  host: 'h',
  cpus,
  gpus,
});
const done = (taskId: number): RunEvent => ({ kind: 'taskEnded', taskId, name: 'app', state: 'done' });

function judge(...events: RunEvent[]): Verdict {
  const verdict = new Verdict();
  for (const event of events) verdict.add({ atMs: 2000, event });
  return verdict;
}

describe('the verdict on a run', () => {
  it('has nothing against one that went well, with losses and repetitions', () => {
    const verdict = judge(
      called(1),
      launched(1, 1),
      called(2),
      launched(2, 1),
      ended(1, 1, { outcome: 'lost' }),
      launched(1, 2),
      ended(2, 1),
      done(2),
      ended(1, 2),
      done(1),
    );
    expect(verdict.problems).to.deep.equal([]);
    expect(verdict.unfinished).to.deep.equal([]);
    expect(verdict.counts).to.deep.include({ called: 2, ended: 2, tries: 3, outcomes: { lost: 1, done: 2 } });
  });

  const wrongs: [string, RunEvent[], RegExp][] = [
    [
      'a task with two outcomes',
      [called(1), launched(1, 1), ended(1, 1), done(1), done(1)],
      /task 1 ended \(done\) though it was never called/,
    ],
    ['an outcome while its try runs', [called(1), launched(1, 1), done(1)], /though its try 1 had not/],
    ['a gap between tries', [called(1), launched(1, 1), ended(1, 1, { outcome: 'lost' }), launched(1, 3)], /try 3 of task 1 follows try 1/],
    ['two tries at once', [called(1), launched(1, 1), launched(1, 2)], /before try 1 had ended/],
    [
      'a late result of a superseded try',
      [called(1), launched(1, 1), ended(1, 1, { outcome: 'lost' }), launched(1, 2), ended(1, 1)],
      /try 1 of task 1 ended \(done\) though try 2 is the latest/,
    ],
    ['a result after the outcome', [called(1), launched(1, 1), ended(1, 1), done(1), ended(1, 1)], /after its task/],
    ['a task that is called twice', [called(1), called(1)], /called twice/],
    [
      'a slot with two tasks at once',
      [called(1), called(2), launched(1, 1), launched(2, 1), ended(1, 1, { worker: 's' }), ended(2, 1, { worker: 's', startMs: 1003 })],
      /slot h s had task 2 try 1 and task 1 try 1 at once/,
    ],
    [
      'an accelerator that two tasks have at once',
      [called(1), called(2), launched(1, 1), launched(2, 1), granted(1, [[0, 1]]), granted(2, [[0, 1]]), ended(1, 1), ended(2, 1)],
      /accelerator 0 of m had task 2 try 1 and task 1 try 1 at once/,
    ],
    [
      'an accelerator of which more is given than there is',
      [1, 2, 3].flatMap((id) => [called(id), launched(id, 1), granted(id, [[0, 0.4]]), ended(id, 1)]),
      /accelerator 0 of m had task 3 try 1 and task 1 try 1 and task 2 try 1 at once/,
    ],
    [
      'a CPU that two tasks have at once',
      [
        called(1),
        called(2),
        launched(1, 1),
        launched(2, 1),
        granted(1, [], [[3, 1]]),
        granted(2, [], [[3, 0.5]]),
        ended(1, 1),
        ended(2, 1),
      ],
      /CPU 3 of m had task 2 try 1 and task 1 try 1 at once/,
    ],
    ['a log with holes', [{ kind: 'eventsLost', count: 3, reason: 'full' }], /events are missing/],
  ];
  for (const [what, events, message] of wrongs) {
    it(`sees ${what}`, () => expect(judge(...events).problems.join('\n')).to.match(message));
  }

  it('has nothing against accelerators that are shared, given one after the other, or of two managers', () => {
    const long = { durationUs: 900_000, worker: '' };
    const verdict = judge(
      ...[1, 2, 3, 4].flatMap((id) => [called(id), launched(id, 1)]),
      granted(1, [[0, 0.5]]),
      granted(2, [[0, 0.5]]),
      ended(1, 1, { ...long, worker: 'a' }),
      ended(2, 1, { durationUs: 400_000, worker: 'b' }),
      // Beside the first, behind the second.
      granted(3, [[0, 0.5]]),
      ended(3, 1, { startMs: 1400, durationUs: 400_000, worker: 'c' }),
      granted(4, [[0, 1]], [], 'another'),
      ended(4, 1, { ...long, worker: 'd' }),
    );
    expect(verdict.problems).to.deep.equal([]);
  });

  it('takes clocks of which one is slewed for what they are, and no two tasks of the same kind', () => {
    const hourMs = 3_600_000;
    const spans = (app: 'js' | 'bash'): readonly string[] => {
      const verdict = new Verdict();
      const tell = (atMs: number, event: RunEvent): void => verdict.add({ atMs, event });
      tell(0, called(1));
      for (const event of [{ ...called(2), app } as RunEvent, launched(1, 1), launched(2, 1)]) tell(hourMs, event);
      tell(hourMs + 900, ended(1, 1, { worker: 's', startMs: hourMs, durationUs: 500_000 }));
      tell(hourMs + 900, ended(2, 1, { worker: 's', startMs: hourMs + 400, durationUs: 500_000 }));
      return verdict.problems;
    };
    expect(spans('bash')).to.deep.equal([]);
    expect(spans('js')).to.have.length(1);
  });

  it('knows what has not ended', () => expect(judge(called(1), called(2), launched(2, 1)).unfinished).to.deep.equal([1, 2]));
});
