import { expect } from 'chai';
import { type OpenTask, problemsWithReasons } from './reasons.ts';

const at = (reason: string, state = 'launched'): string =>
  `task 7 (app), try 1, has been ${state} for 0.3 s: at executor 'htex': ${reason}`;

/** Of task 7; task 1 has ended, and task 2 has not. */
function problem(said: string, state = 'launched'): string {
  const tasks: OpenTask[] = [
    { taskId: 1, state: 'done', done: true },
    { taskId: 7, state, done: false },
  ];
  return problemsWithReasons((taskId) => (taskId === 7 ? said : 'task 1 has ended'), tasks).join();
}

describe('a reason for which a task has not ended', () => {
  const fitting: [said: string, state?: string][] = [
    ['task 7 (app) waits for task 2 (other, launched), since 1.0 s', 'pending'],
    ["task 7 (app) waits for group 'g' and 2 promise(s) of the script, since 1.0 s", 'pending'],
    ['task 7 (app) is a join and waits for its body', 'joining'],
    ['task 7 (app) is a join and waits for task 2 (other, pending)', 'joining'],
    ['task 7 (app), try 1, has been launched for 0.0 s: its arguments are being prepared'],
    ["task 7 (app), try 1, has been launched for 0.0 s: running on executor 'threads'"],
    ["task 7 (app), try 1, has been launched for 0.0 s: queued at executor 'threads': all 2 threads are busy (2 running, 1 queued)"],
    [at('it runs, or is on its way to a worker; 9 task(s) are at 2 worker(s)')],
    [at('it waits for a worker and is next; 3 task(s) are at 2 worker(s)')],
    [at('it waits for a worker, behind 3 other(s); 9 task(s) are at 2 worker(s); it is being cancelled')],
    [at('no manager is registered; block 0 has lost its managers, its job is running since 2026 (job local-1)')],
    [at('no manager is registered; no block; the next is submitted in 2 s, after 3 blocks went wrong')],
    [at('the interchange ended, and another is being started')],
    [at('nothing is begun, only 3.0 MiB are free under the run directory /runinfo/001')],
    [at('its outcome is being handed over')],
  ];
  for (const [said, state] of fitting) it(`fits: ${said}`, () => expect(problem(said, state)).to.equal(''));

  const wrong: [what: string, said: string, says: string, state?: string][] = [
    ['it is about another task', 'task 8 (app) waits for task 2 (other, launched), since 1.0 s', 'not about this task', 'pending'],
    ['it says that the task has ended', 'task 7 has ended', 'not about this task'],
    ['it names nothing that is waited for', 'task 7 (app) waits for , since 1.0 s', 'waits for nothing', 'pending'],
    ['what is waited for has ended', 'task 7 (app) waits for task 1 (a, done), since 1.0 s', 'task 1 has ended', 'pending'],
    ['a join waits for nothing', 'task 7 (app) is a join and waits for ', 'waits for nothing', 'joining'],
    ['the state is another', at('it runs, or is on its way to a worker; 9 task(s) are at 2 worker(s)'), 'state is another', 'pending'],
    ['it runs where there are no workers', at('it runs, or is on its way to a worker; 9 task(s) are at 0 worker(s)'), 'no workers'],
    [
      'it is behind more than there are',
      at('it waits for a worker, behind 9 other(s); 9 task(s) are at 2 worker(s)'),
      'so many are not there',
    ],
    ['a manager is missed, and nothing is said of blocks', at('no manager is registered; '), 'no reason'],
    ['a word of it is no reason', at('it is pending'), 'no reason'],
    ['there is none', at(''), 'no reason'],
  ];
  for (const [what, said, says, state] of wrong) {
    it(`does not where ${what}`, () => expect(problem(said, state)).to.include(says));
  }
});
