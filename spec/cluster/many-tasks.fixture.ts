/**
 * Many bash tasks over blocks of one node each that come and go: a wave, a time in which nothing is to be done, and another wave.
 * Arguments: tasks, seconds of each, seconds of silence after which a manager is lost. Each task writes down that it has run; what came of all is said as JSON.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { bashApp, Config, HighThroughputExecutor, load, SlurmProvider, SrunLauncher } from '../../index.ts';

/** What is said at the end. */
export interface Figures {
  readonly tasks: number;
  /** In which tasks were under way, both waves together; the nodes had still to come at the beginning of each. */
  readonly seconds: number;
  /** What no schedule on all slots could beat. */
  readonly idealSeconds: number;
  readonly tasksPerSecond: number;
  readonly blocksSubmitted: number;
  readonly blocksEnded: number;
  readonly managersLost: number;
  /** Tasks of more than one try. */
  readonly retried: number;
  /** That ran to their end more than once, of tries that were lost with their node or with its link. */
  readonly ranTwice: number;
  /** Results that did not come, or were not those of their task; none. */
  readonly wrong: number;
}

const SLOTS = 8;
const [, , tasks = 0, seconds = 0, silence = 60] = process.argv.map(Number);

const executor = new HighThroughputExecutor({
  label: 'htex',
  maxWorkersPerNode: SLOTS / 2,
  coresPerWorker: 0.25,
  heartbeatPeriod: '500ms',
  heartbeatThreshold: silence,
  provider: new SlurmProvider({
    initBlocks: 0,
    maxBlocks: 2,
    walltime: '20m',
    statusPollPeriod: '1s',
    launcher: new SrunLauncher(),
  }),
});
const kernel = await load(new Config({ executors: [executor], strategyPeriod: '500ms', maxIdleTime: '1s' }));
console.log(`run ${kernel.runId}`);

const seen = { blocksSubmitted: 0, blocksEnded: 0, managersLost: 0 };
const up = new Set<string>();
subscribe('flotilla:block', (message) => {
  if ((message as { kind: string }).kind === 'blockSubmitted') seen.blocksSubmitted++;
});
subscribe('flotilla:manager', (message) => {
  const { kind, manager } = message as { kind: string; manager: string };
  if (kind === 'managerRegistered') up.add(manager);
  if (kind === 'managerLost') seen.managersLost++;
  if ((kind === 'managerLost' || kind === 'managerLeft') && up.delete(manager)) seen.blocksEnded++;
});

/** Of the shell's own words but for `sleep`: starting processes is what the machine of the specs is slow at. */
const work = bashApp((n: number) => `echo $SLURMD_NODENAME >> started; sleep ${seconds}; echo ${n} >> ended; echo ${n}`, {
  name: 'work',
  returns: 'stdout',
});

let retried = 0;
let wrong = 0;

/** @returns seconds. */
async function wave(first: number, end: number): Promise<number> {
  const begin = performance.now();
  const futures = Array.from({ length: end - first }, (_, i) => work(first + i));
  for (const [i, future] of futures.entries()) {
    if ((await future).trim() !== String(first + i)) wrong++;
    if (future.tries.length > 1) retried++;
  }
  return (performance.now() - begin) / 1000;
}

const half = Math.floor(tasks / 2);
const before = await wave(0, half);
while (up.size > 0) await pause(20);
appendFileSync('idle', 'all blocks are gone\n');
const after = await wave(half, tasks);
await kernel.close();

const ran = readFileSync('ended', 'utf8').trim().split('\n');
wrong += tasks - new Set(ran).size;
const figures: Figures = {
  tasks,
  seconds: before + after,
  idealSeconds: (tasks * seconds) / SLOTS,
  tasksPerSecond: tasks / (before + after),
  ...seen,
  retried,
  ranTwice: ran.length - new Set(ran).size,
  wrong,
};
console.log(`figures ${JSON.stringify(figures)}`);
