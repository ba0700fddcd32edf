/**
 * Does the control plane hold with thousands of managers, a million tasks, a graph of half a million file edges? The scheduler is the real
 * one, driver, interchange, ZeroMQ with CURVE; the workers are simulated: processes hold many managers each, whose tasks take the time that
 * they say.
 *
 *   npx node bench/scale.ts [percent of the full size] [case …]
 *
 * Each case is run for a quarter of its size and for all of it. Cases:
 *   managers    2,000 managers with 64,000 slots, each slot taken three times by tasks of about ten seconds; then 200,000 tasks that do nothing
 *   arriving    the same managers, 5,000 tasks a second for ten seconds, with slots free for all of them
 *   queued      1,000,000 tasks that wait until 100 managers connect
 *   graph       170,152 tasks with half a million file edges over 100 managers with 48 slots each: the size of BSC's GUIDANCE run, not its graph
 *   connecting  10,000 managers that connect at once, and 200,000 tasks that do nothing for them
 */
import { readFileSync } from 'node:fs';
import { peakMemory } from './measure/process-memory.ts';
import { countArgument, printReport } from './measure/report.ts';
import { rounded } from './measure/statistics.ts';
import { type ClusterResult, type ClusterSize, type Connect, withSimulatedCluster } from './scale/simulated-cluster.ts';
import { type Done, runArrivingTasks, runEmptyTasks, runGraph, runLongTasks } from './scale/workloads.ts';

const percent = countArgument(0, 100);
const chosen = process.argv.slice(3);

interface Measured extends Done {
  /** CPU of this process that is none of the driver's, in µs. */
  readonly aside?: number;
  /** What only some cases know, for the report. */
  readonly more?: Readonly<Record<string, number>>;
}

interface Case {
  readonly size: ClusterSize;
  run(connect: Connect): Promise<Measured>;
}

/** A share of a count, in whole processes. */
const part = (count: number, share: number, multiple = 1): number => Math.max(1, Math.round((count * share) / multiple)) * multiple;

const PROCESSES = 4;
const NODE = { slotsPerManager: 48, processes: PROCESSES };
const manyManagers = (share: number): ClusterSize => ({
  managers: part(2000, share, PROCESSES),
  slotsPerManager: 32,
  processes: PROCESSES,
});
const hundredNodes = (): ClusterSize => ({ managers: part(100, percent / 100, PROCESSES), ...NODE });

/** What a scheduler takes that gives tasks away in order, each to the slot that is free first, in no time. */
function idealSeconds(tasksMs: readonly number[], slots: number): number {
  const freeAt: number[] = [slots];
  let now = 0;
  let end = 0;
  for (const ms of tasksMs) {
    while (!freeAt[now]) now++;
    freeAt[now] = (freeAt[now] ?? 0) - 1;
    freeAt[now + ms] = (freeAt[now + ms] ?? 0) + 1;
    end = Math.max(end, now + ms);
  }
  return end / 1000;
}

/** `share`: of the full size. */
const CASES: Readonly<Record<string, (share: number) => Case>> = {
  managers: (share) => {
    const size = manyManagers(share);
    const slots = size.managers * size.slotsPerManager;
    return {
      size,
      run: async (connect) => {
        const connectSeconds = await connect();
        const { tasksMs, ...done } = await runLongTasks(3 * slots, percent < 100 ? 200 : 10_000);
        const empty = await runEmptyTasks(part(200_000, share));
        return {
          ...done,
          more: {
            connectSeconds,
            secondsToIdeal: done.seconds / idealSeconds(tasksMs, slots),
            emptyTasksPerSecond: empty.tasks / empty.seconds,
          },
        };
      },
    };
  },
  arriving: (share) => ({
    size: manyManagers(share),
    run: async (connect) => {
      await connect();
      return runArrivingTasks(5000 * share, percent < 100 ? 1 : 10, percent < 100 ? 200 : 10_000);
    },
  }),
  queued: (share) => ({ size: hundredNodes(), run: (connect) => runEmptyTasks(part(1_000_000, share), connect) }),
  graph: (share) => ({
    size: hundredNodes(),
    run: async (connect) => {
      await connect();
      const { edges, filesCpuUs, ...done } = await runGraph(part(170_152, share), { width: part(3400, share), ms: 100 });
      return { ...done, aside: filesCpuUs, more: { edges } };
    },
  }),
  connecting: (share) => ({
    size: { managers: part(10_000, share, 10), slotsPerManager: 1, processes: 10 },
    run: async (connect) => {
      const connectSeconds = await connect();
      return { ...(await runEmptyTasks(part(200_000, share))), more: { connectSeconds } };
    },
  }),
};

interface Cost {
  readonly outcome: ClusterResult<Measured>;
  readonly driverCpuUs: number;
  readonly interchangeCpuUs: number;
}

async function measure({ size, run }: Case): Promise<Cost> {
  let driverCpuUs = 0;
  const outcome = await withSimulatedCluster(size, async (connect) => {
    const before = process.cpuUsage();
    const measured = await run(connect);
    const { user, system } = process.cpuUsage(before);
    driverCpuUs = user + system - (measured.aside ?? 0);
    return measured;
  });
  const { tasks } = outcome.interchange;
  return { outcome, driverCpuUs: driverCpuUs / tasks, interchangeCpuUs: (outcome.interchange.cpuMs * 1000) / tasks };
}

function describe({ size }: Case, all: Cost, quarter: Cost): Record<string, number> {
  const { result, interchange, managersLost } = all.outcome;
  const figures = {
    managers: size.managers,
    slots: size.managers * size.slotsPerManager,
    tasks: result.tasks,
    tasksFailed: result.failed,
    managersLost,
    seconds: result.seconds,
    tasksPerSecond: result.tasks / result.seconds,
    mostQueued: interchange.mostQueued,
    placedAtOnce: interchange.placedAtOnce,
    delayP50Milliseconds: interchange.delayUs.p50 / 1000,
    delayP99Milliseconds: interchange.delayUs.p99 / 1000,
    loopLagP99Milliseconds: interchange.loopLagMs.p99,
    waitP99Milliseconds: interchange.waitMs.p99,
    ownWaitP99Milliseconds: interchange.ownWaitMs.p99,
    ownWaitMaxMilliseconds: interchange.ownWaitMs.max,
    interchangePeakMegabytes: interchange.peakResidentBytes / 1e6,
    driverPeakMegabytes: peakMemory().driverBytes / 1e6,
    interchangeCpuMicrosecondsPerTask: all.interchangeCpuUs,
    interchangeGrowth: all.interchangeCpuUs / quarter.interchangeCpuUs,
    driverCpuMicrosecondsPerTask: all.driverCpuUs,
    driverGrowth: all.driverCpuUs / quarter.driverCpuUs,
    ...result.more,
  };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number.isInteger(value) ? value : rounded(value)]));
}

const figures: Record<string, unknown> = {};
let tasksDone = 0;
for (const [name, ofShare] of Object.entries(CASES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  process.stderr.write(`# ${name}\n`);
  const quarter = await measure(ofShare(percent / 400));
  const whole = ofShare(percent / 100);
  const all = await measure(whole);
  for (const { outcome } of [quarter, all]) tasksDone += outcome.result.tasks - outcome.result.failed;
  figures[name] = describe(whole, all, quarter);
}

/** Soft and hard limit of open files: a manager is one for its interchange, and five for the process that simulates it. */
const [, softFiles = '', hardFiles = ''] = /Max open files\s+(\S+)\s+(\S+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];

printReport('scale', 'whether the control plane holds when everything is many: simulated workers, real scheduler', {
  percent,
  tasksDone,
  openFiles: { soft: softFiles, hard: hardFiles },
  ...figures,
});
