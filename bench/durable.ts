/**
 * What does it cost a task that the run is durable: its launch and its result are written down before anybody goes on?
 *
 *   npx node bench/durable.ts [tasks per round] [rounds]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config, HighThroughputExecutor, jsApp, load } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { rounded } from './measure/statistics.ts';
import { measureThroughput, type Throughput } from './measure/throughput.ts';

const echo = jsApp((x: number) => x, { name: 'echo' });
const options = { tasks: countArgument(0, 100_000), rounds: countArgument(1, 5) };
const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));

async function measure(durable: { readonly orphanGrace?: string }): Promise<Throughput> {
  const executor = new HighThroughputExecutor({ maxWorkersPerNode: 2, coresPerWorker: 0.5 });
  await using _kernel = await load(new Config({ runDir: join(folder, 'runinfo'), executors: [executor], ...durable }));
  let next = 0;
  return await measureThroughput(() => echo(next++), options);
}

try {
  const without = await measure({});
  const durable = await measure({ orphanGrace: '10m' });
  printReport('durable', 'echo tasks per second in a durable run beside one that is not, and what each costs more', {
    ...options,
    withoutPerSecond: without.tasksPerSecond,
    durablePerSecond: durable.tasksPerSecond,
    withoutCpuMicroseconds: without.driverCpuMicrosecondsPerTask,
    durableCpuMicroseconds: durable.driverCpuMicrosecondsPerTask,
    timesSlower: rounded(without.tasksPerSecond / durable.tasksPerSecond),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
