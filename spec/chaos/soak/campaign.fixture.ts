/**
 * The script that is soaked: so many tasks, evenly over so much time, of every kind; each result is checked. Arguments: folder, tasks,
 * seconds. Says how far it is and what it has come to as JSON, a line each. Keeps nothing of a task that has ended but numbers.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { bashApp, Config, HighThroughputExecutor, jsApp, LocalProvider, load, pythonApp } from '../../../index.ts';

const [, , folder = '', ...figures] = process.argv;
const [total = 0, seconds = 0] = figures.map(Number);
const WAVES_PER_SECOND = 20;
/** Of those that have been called and have not ended; more would only wait, and their memory be taken for growth. */
const MOST_OUTSTANDING = 4000;
const SAY_MS = 5000;

await using kernel = await load(
  new Config({
    runDir: `${folder}/runinfo`,
    strategyPeriod: 0.5,
    executors: [
      new HighThroughputExecutor({
        maxWorkersPerNode: 2,
        coresPerWorker: 0.5,
        heartbeatPeriod: '500ms',
        heartbeatThreshold: '3s',
        provider: new LocalProvider({ initBlocks: 2, minBlocks: 2, maxBlocks: 2 }),
      }),
    ],
  }),
);
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
say({ runId: kernel.runId, runDir: kernel.runDir });

const add = jsApp((a: number, b: number) => a + b, { name: 'add' });
const wait = jsApp(
  async (a: number) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return a + 1;
  },
  { name: 'wait' },
);
const inPython = pythonApp<[number], number>('def in_python(a):\n    return a + 1');
const inBash = bashApp((a: number) => `echo $((${a} + 1))`, { returns: 'json', name: 'in_bash' });

const counts = { called: 0, ended: 0, right: 0, poisonous: 0, wrong: 0 };
const firstErrors: string[] = [];

function call(number: number): void {
  const kind = number % 1000;
  const future = kind < 4 ? inBash(number) : kind < 24 ? inPython(number) : kind < 34 ? wait(number) : add(number, 1);
  counts.called++;
  (future as PromiseLike<unknown>).then(
    (value) => end(value === number + 1, `task ${number} gave ${String(value)}`),
    (error: Error) => {
      if (error.name !== 'PoisonTaskError') return end(false, `${error.name}: ${error.message}`);
      counts.ended++;
      counts.poisonous++;
    },
  );
}

function end(isRight: boolean, what: string): void {
  counts.ended++;
  if (isRight) counts.right++;
  else {
    counts.wrong++;
    if (firstErrors.length < 5) firstErrors.push(what);
  }
}

const sayHowFar = (): void => say({ progress: { called: counts.called, ended: counts.ended } });
const saying = setInterval(sayHowFar, SAY_MS).unref();
const begun = performance.now();
while (counts.called < total) {
  const due = Math.min(total, Math.ceil((((performance.now() - begun) / 1000) * total) / seconds));
  while (counts.called < due && counts.called - counts.ended < MOST_OUTSTANDING) call(counts.called);
  await pause(1000 / WAVES_PER_SECOND);
}
const calledMs = performance.now() - begun;
sayHowFar();
await kernel.waitForCurrentTasks();
clearInterval(saying);
say({ counts, firstErrors, calledSeconds: Math.round(calledMs / 1000), seconds: Math.round((performance.now() - begun) / 1000) });
