/**
 * What does the memo cost a call: one that is taken from it, one that runs and is kept, and one of an app without `cache`? And how long
 * does it take to read the checkpoint again?
 *
 *   npx node bench/memo.ts [tasks per round]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config, HighThroughputExecutor, jsApp, load } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { rounded } from './measure/statistics.ts';

const tasks = countArgument(0, 100_000);
const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));
const plain = jsApp((x: number) => x, { name: 'plain' });
const cached = jsApp((x: number) => x, { name: 'cached', cache: true });

interface Cost {
  readonly tasksPerSecond: number;
  readonly driverCpuMicrosecondsPerTask: number;
}

async function measure(app: (x: number) => PromiseLike<unknown>): Promise<Cost> {
  const [begin, cpuBefore] = [performance.now(), process.cpuUsage()];
  const futures: PromiseLike<unknown>[] = [];
  for (let i = 0; i < tasks; i++) futures.push(app(i));
  await Promise.all(futures);
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    tasksPerSecond: rounded((tasks * 1000) / (performance.now() - begin)),
    driverCpuMicrosecondsPerTask: rounded((user + system) / tasks),
  };
}

const named = (what: string, { tasksPerSecond, driverCpuMicrosecondsPerTask }: Cost): Record<string, number> => ({
  [`${what}PerSecond`]: tasksPerSecond,
  [`${what}CpuMicroseconds`]: driverCpuMicrosecondsPerTask,
});

async function withKernel<T>(checkpointFiles: readonly string[], body: (startMs: number) => Promise<T>): Promise<T> {
  const executor = new HighThroughputExecutor({ maxWorkersPerNode: 2, coresPerWorker: 0.5 });
  const begin = performance.now();
  await using _kernel = await load(
    new Config({ runDir: join(folder, 'runinfo'), executors: [executor], checkpointFiles: [...checkpointFiles] }),
  );
  return await body(performance.now() - begin);
}

try {
  const [withoutCache, kept, taken] = await withKernel([], async () => {
    await measure(plain);
    return [await measure(plain), await measure(cached), await measure(cached)] as const;
  });
  const [startMilliseconds, resumed] = await withKernel(['last'], async (startMs) => [rounded(startMs), await measure(cached)] as const);
  printReport(
    'memo',
    'no-op calls per second without cache, kept, taken within the run, and taken from a checkpoint; and driver CPU per call',
    {
      tasks,
      ...named('withoutCache', withoutCache),
      ...named('kept', kept),
      ...named('taken', taken),
      ...named('resumed', resumed),
      resumedStartMilliseconds: startMilliseconds,
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
