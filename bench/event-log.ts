/**
 * What share of the no-op rate does the event log cost?
 *
 * Rounds with and without it alternate in one run, since the machine drifts; each round has a kernel of its own, whose workers are
 * warm before it is measured.
 *
 *   npx node bench/event-log.ts [tasks per round] [pairs of rounds]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config, HighThroughputExecutor, jsApp, load } from '../index.ts';
import { EVENT_LOG } from '../lib/events/format.ts';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { measureThroughput, type Throughput } from './measure/throughput.ts';
import { WORKERS } from './measure/two-workers.ts';

const noop = jsApp(() => undefined);
const tasks = countArgument(0, 100_000);
const pairs = countArgument(1, 5);
const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));

let bytesPerTask = 0;

async function round(initializeLogging: boolean): Promise<Throughput> {
  const executor = new HighThroughputExecutor({ label: 'htex', maxWorkersPerNode: WORKERS, coresPerWorker: 0.5 });
  const config = new Config({ runDir: join(folder, 'runinfo'), executors: [executor], initializeLogging });
  const kernel = await load(config);
  const figures = await measureThroughput(() => noop(), { tasks, rounds: 3 });
  await kernel.close();
  // One round to warm up, three that count.
  if (initializeLogging) bytesPerTask = statSync(join(kernel.runDir, EVENT_LOG)).size / (4 * tasks);
  return figures;
}

try {
  const [on, off]: [Throughput[], Throughput[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    // Whoever comes first has the colder machine: they take turns.
    for (const isOn of pair % 2 === 0 ? [true, false] : [false, true]) (isOn ? on : off).push(await round(isOn));
  }
  const rateOf = (figures: readonly Throughput[]): number => median(figures.flatMap((each) => each.tasksPerSecondOfRounds));
  const cpuOf = (figures: readonly Throughput[]): number => median(figures.map((each) => each.driverCpuMicrosecondsPerTask));
  printReport('event-log', 'the share of the no-op rate that the event log costs', {
    tasks,
    pairs,
    tasksPerSecondWith: rounded(rateOf(on)),
    tasksPerSecondWithout: rounded(rateOf(off)),
    ratio: rounded(rateOf(on) / rateOf(off)),
    driverCpuMicrosecondsWith: rounded(cpuOf(on)),
    driverCpuMicrosecondsWithout: rounded(cpuOf(off)),
    bytesPerTask: rounded(bytesPerTask),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
