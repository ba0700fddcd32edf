/**
 * `-j`: how many jobs run at once, and what that means for the config.
 *
 * The config `local` gets so many workers. Of other configs the workers stay, and no more than so many jobs are under way.
 */
import { UsageError } from '../usage-error.ts';
import { DEFAULT_CONFIG } from '../../configs/choose.ts';
import type { HaltRule } from './halt.ts';

/** Jobs under way where the workers alone bound how many run. */
const AHEAD = 1000;

/** @param cpus that this process may use. @returns undefined for as many as the workers take. @throws UsageError */
export function parseJobs(text: string, cpus: number): number | undefined {
  const match = /^([+-]?)(\d+)(%?)$/.exec(text);
  if (match === null) throw new UsageError(`-j ${text}: expected a number of jobs, +N or -N beside the number of CPUs, or N% of it`);
  const [, sign, digits, percent] = match;
  const number = percent === '%' ? Math.floor((cpus * Number(digits)) / 100) : Number(digits);
  if (sign === '' && Number(digits) === 0) return undefined;
  const jobs = sign === '+' ? cpus + number : sign === '-' ? cpus - number : number;
  return Math.max(1, jobs);
}

export interface ParallelismRequest {
  readonly jobs: number | undefined;
  /** The config that applies, as it is named. */
  readonly config: string;
  readonly set: readonly string[];
  readonly halt: HaltRule | undefined;
  readonly cpus: number;
}

export interface Parallelism {
  /** `--set` for the config. */
  readonly set: readonly string[];
  /** Jobs that may be under way at once. */
  readonly limit: number;
}

export function planParallelism({ jobs, config, set, halt, cpus }: ParallelismRequest): Parallelism {
  // What has been handed out is started sooner or later: a stop must find little of it.
  const ahead = halt?.when === 'soon' ? (jobs ?? cpus) : AHEAD;
  if (jobs === undefined) return { set, limit: ahead };
  if (config !== DEFAULT_CONFIG) return { set, limit: jobs };
  const cores = jobs > cpus ? [`executors.0.coresPerWorker=${cpus / jobs}`] : [];
  const workers = [`executors.0.maxWorkersPerNode=${jobs}`, ...cores];
  // What the command line sets itself goes before it; the workers may then be others than ours.
  return { set: [...workers, ...set], limit: set.length === 0 ? ahead : jobs };
}
