/**
 * What the processes of a run have used, by the part that they play, from /proc: time on a CPU, and time for which they could have run and
 * had none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { treeOf } from './process-tree.ts';

export const STAGES = ['driver', 'interchange', 'manager', 'worker'] as const;
export type Stage = (typeof STAGES)[number];

export interface StageTime {
  cpuUs: number;
  /** On a run queue. */
  queuedUs: number;
}

export type StageTimes = Record<Stage, StageTime>;

/** Of this process and what it has started. Workers are added up. */
export function stageTimes(): StageTimes {
  const times = Object.fromEntries(STAGES.map((stage) => [stage, { cpuUs: 0, queuedUs: 0 }])) as StageTimes;
  for (const pid of treeOf(process.pid)) {
    const stage = pid === process.pid ? 'driver' : stageOf(pid);
    if (stage === undefined) continue;
    const { cpuUs, queuedUs } = timesOf(pid);
    times[stage].cpuUs += cpuUs;
    times[stage].queuedUs += queuedUs;
  }
  return times;
}

/** By its entry point. */
function stageOf(pid: number): Stage | undefined {
  const line = readOr(`/proc/${pid}/cmdline`, '');
  if (line.includes('interchange-entry') || line.includes('interchange.js')) return 'interchange';
  if (line.includes('manager-entry') || line.includes('manager.js')) return 'manager';
  return line.includes('process-entry') || line.includes('worker') ? 'worker' : undefined;
}

/** All threads of it: ZeroMQ encrypts in one of its own. Fields of /proc/PID/task/TID/schedstat: ns on a CPU, ns waiting for one, turns. */
function timesOf(pid: number): StageTime {
  const threads = readdirSync(`/proc/${pid}/task`).map((tid) => readOr(`/proc/${pid}/task/${tid}/schedstat`, '0 0 0'));
  const sum = (field: number): number => threads.reduce((total, line) => total + Number(line.split(' ')[field]) / 1000, 0);
  return { cpuUs: sum(0), queuedUs: sum(1) };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise; // It has ended since it was listed.
  }
}
