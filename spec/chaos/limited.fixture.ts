/**
 * A script under a limit of its process: tasks of every kind; says how they ended as JSON. Argument: how many.
 */
import { bashApp, Config, HighThroughputExecutor, jsApp, load, pythonApp, sh } from '../../index.ts';

const kernel = await load(
  new Config({
    executors: [
      new HighThroughputExecutor({ maxWorkersPerNode: 2, coresPerWorker: 0.5, heartbeatPeriod: '500ms', heartbeatThreshold: '5s' }),
    ],
  }),
);
const apps = [
  jsApp((x: number) => x + 1),
  pythonApp<[number], number>('def f(x):\n    return x + 1'),
  bashApp((x: number) => sh`echo $((${x} + 1))`, { returns: 'json' }),
];
const futures = Array.from({ length: Number(process.argv[2]) }, (_, i) => (apps[i % 3] as (x: number) => PromiseLike<unknown>)(i));
const outcomes = await Promise.allSettled(futures);
await kernel.close();
console.log(JSON.stringify(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'ok' : String(outcome.reason)))));
