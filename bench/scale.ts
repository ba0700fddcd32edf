/**
 * Does the control plane hold with thousands of managers, a million tasks, a graph of half a million file edges? The scheduler is the real one, driver,
 * interchange, ZeroMQ with CURVE; the workers are simulated: processes hold many managers each, whose tasks take the time that they say.
 *
 *   npx node bench/scale.ts [percent of the full size] [case …]
 *
 * Cases: managers, queued, graph, connecting. Each is run for a quarter of its size and for all of it.
 */
import { execFileSync } from 'node:child_process';
import { countArgument, printReport } from './measure/report.ts';
import { median, percentile, rounded } from './measure/statistics.ts';
import { type ClusterResult, type ClusterSize, withSimulatedCluster } from './scale/simulated-cluster.ts';
import { type Done, runEmptyTasks, runGraph, runLongTasks, timeLoneTasks } from './scale/workloads.ts';

const percent = countArgument(0, 100);
const chosen = process.argv.slice(3);
const SLOTS_PER_NODE = 48;

/** What is measured in the driver, beside what the interchange reports. */
interface Measured extends Done {
  readonly workSeconds?: number;
  readonly edges?: number;
  readonly loneTaskMs?: readonly number[];
}

interface Case {
  size(share: number): ClusterSize;
  run(share: number): Promise<Measured>;
}

/** `share`: of the full size. */
const CASES: Readonly<Record<string, Case>> = {
  /** Every slot is taken three times; how busy they are kept is what counts. */
  managers: {
    size: (share) => ({ managers: shareOf(2000, share, 4), slotsPerManager: 32, processes: 4 }),
    run: async (share) => {
      const loneTaskMs = await timeLoneTasks(200);
      return { ...(await runLongTasks(3 * 32 * shareOf(2000, share, 4), 10_000 * Math.sqrt(share))), loneTaskMs };
    },
  },
  queued: {
    size: () => ({ managers: shareOf(100, percent / 100, 4), slotsPerManager: SLOTS_PER_NODE, processes: 4 }),
    run: (share) => runEmptyTasks(shareOf(1_000_000, share)),
  },
  graph: {
    size: () => ({ managers: shareOf(100, percent / 100, 4), slotsPerManager: SLOTS_PER_NODE, processes: 4 }),
    run: (share) => runGraph(shareOf(170_152, share), { width: shareOf(2 * 100 * SLOTS_PER_NODE, share), ms: 100 }),
  },
  connecting: {
    size: (share) => ({ managers: shareOf(10_000, share, 10), slotsPerManager: 1, processes: 10 }),
    run: (share) => runEmptyTasks(shareOf(200_000, share)),
  },
};
