/**
 * CPU time of a process and of everything that it has started, from /proc.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const MS_PER_TICK = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface ProcessTimes {
  readonly parent: number;
  /** Its own, and that of its children that have ended. */
  readonly cpuMs: number;
}

/** User and system time. What ended in between is in its parent's account: differences are exact to a clock tick per process. */
export function treeCpuMs(root: number = process.pid): number {
  const all = readAllTimes();
  return [...all.keys()].filter((pid) => descendsFrom(pid, root, all)).reduce((sum, pid) => sum + (all.get(pid)?.cpuMs ?? 0), 0);
}

/** Ids of a process and of everything that it has started. */
export function treeOf(root: number): number[] {
  const all = readAllTimes();
  return [...all.keys()].filter((pid) => descendsFrom(pid, root, all));
}

const readAllTimes = (): ReadonlyMap<number, ProcessTimes> =>
  new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readTimes(Number(name))),
  );

function descendsFrom(pid: number, root: number, all: ReadonlyMap<number, ProcessTimes>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at !== 0; at = all.get(at)?.parent) if (at === root) return true;
  return false;
}

/** Fields of proc_pid_stat(5) behind the name, which may itself hold blanks and parentheses. */
function readTimes(pid: number): [number, ProcessTimes][] {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return []; // It has ended since the folder was read.
  }
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + field, 0);
  return [[pid, { parent: fields[1] ?? 0, cpuMs: ticks * MS_PER_TICK }]];
}
