/**
 * Limits of this process (ulimit), which its children inherit.
 */
import { readSystemFile } from '../../executors/high-throughput/system-file.ts';
import type { Check } from './check.ts';

interface Limit {
  /** As in /proc/self/limits (proc_pid_limits(5)). */
  readonly row: string;
  readonly name: string;
  readonly least: number;
  readonly neededFor: string;
  readonly ulimit: string;
}

const LIMITS: readonly Limit[] = [
  {
    row: 'Max open files',
    name: 'open files',
    least: 4096,
    neededFor: 'connections to workers: some ten for each',
    ulimit: 'ulimit -n 65536',
  },
  {
    row: 'Max processes',
    name: 'processes',
    least: 2048,
    neededFor: 'workers and their threads: some fifteen for each',
    ulimit: 'ulimit -u 16384',
  },
  { row: 'Max file size', name: 'file size', least: 2 ** 33, neededFor: 'results and logs', ulimit: 'ulimit -f unlimited' },
  {
    row: 'Max address space',
    name: 'address space',
    least: 2 ** 35,
    neededFor: 'Node, which reserves more than it uses',
    ulimit: 'ulimit -v unlimited',
  },
];

/** @param text of /proc/self/limits; where there is none, nothing is known. */
export function checkLimits(text = readSystemFile('/proc/self/limits')): Check[] {
  return LIMITS.flatMap((limit) => {
    const soft = readSoftLimit(text, limit.row);
    return soft === undefined ? [] : [judge(limit, soft)];
  });
}

function judge({ name, least, neededFor, ulimit }: Limit, soft: number): Check {
  const found = soft === Number.POSITIVE_INFINITY ? 'unlimited' : String(soft);
  if (soft >= least) return { group: 'limits', name, status: 'ok', found };
  return {
    group: 'limits',
    name,
    status: 'optional',
    found,
    neededFor,
    remedy: `${ulimit}, before the script is started; above the hard limit an administrator must`,
  };
}

function readSoftLimit(text: string, row: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(row));
  const [soft] = line?.slice(row.length).trim().split(/\s+/) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
