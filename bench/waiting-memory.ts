/**
 * How much memory does a waiting task take in the driver?
 *
 *   npx node bench/waiting-memory.ts [tasks]
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jsApp } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { rounded } from './measure/statistics.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const WARM_UP = 5000;
const tasks = countArgument(0, 200_000);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const identity = jsApp((x: number) => x);

/** Many calls that wait for one promise; their futures are kept, as a script does. */
function callAll(count: number, gate: Promise<number>): PromiseLike<number>[] {
  const futures: PromiseLike<number>[] = new Array(count);
  for (let i = 0; i < count; i++) futures[i] = identity(gate);
  return futures;
}

function memory(): { heapUsed: number; rss: number } {
  collectGarbage();
  collectGarbage();
  const { heapUsed, rss, external } = process.memoryUsage();
  return { heapUsed: heapUsed + external, rss };
}

const figures = await withTwoWorkers(async () => {
  await Promise.all(callAll(WARM_UP, Promise.resolve(1)));
  const gate = Promise.withResolvers<number>();
  const before = memory();
  const futures = callAll(tasks, gate.promise);
  const after = memory();
  gate.resolve(7);
  // That they run shows that they really waited.
  const ran = (await Promise.all(futures)).filter((value) => value === 7).length;
  if (ran !== tasks) throw new Error(`${tasks - ran} of ${tasks} tasks did not run`);
  return { heapBytesPerTask: (after.heapUsed - before.heapUsed) / tasks, rssBytesPerTask: (after.rss - before.rss) / tasks };
});

printReport('waiting-memory', 'bytes in the driver for each task that waits for a promise', {
  tasks,
  heapBytesPerTask: rounded(figures.heapBytesPerTask),
  rssBytesPerTask: rounded(figures.rssBytesPerTask),
});
