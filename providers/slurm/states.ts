/**
 * Slurm's states, reasons and exit codes in our words. Facts: JOB STATE CODES of squeue(1) and sacct(1), JOB REASON CODES of
 * squeue(1), https://slurm.schedmd.com/resource_limits.html; as of Slurm 22.05, and what newer ones add.
 */
import { constants } from 'node:os';
import type { JobState, JobStatus } from '../../lib/provider.ts';

const STATES: Readonly<Record<string, JobState>> = {
  PENDING: 'pending',
  CONFIGURING: 'pending',
  REQUEUED: 'pending',
  REQUEUE_FED: 'pending',
  REQUEUE_HOLD: 'pending',
  RESV_DEL_HOLD: 'pending',
  SPECIAL_EXIT: 'pending',
  RUNNING: 'running',
  COMPLETING: 'running',
  RESIZING: 'running',
  SIGNALING: 'running',
  STAGE_OUT: 'running',
  STOPPED: 'running',
  SUSPENDED: 'running',
  COMPLETED: 'completed',
  BOOT_FAIL: 'failed',
  FAILED: 'failed',
  NODE_FAIL: 'failed',
  OUT_OF_MEMORY: 'failed',
  LAUNCH_FAILED: 'failed',
  RECONFIG_FAIL: 'failed',
  CANCELLED: 'cancelled',
  PREEMPTED: 'cancelled',
  REVOKED: 'cancelled',
  DEADLINE: 'timeout',
  TIMEOUT: 'timeout',
};

/** Reasons for which a job waits until somebody changes its request, its account or the site. */
const WAITS_IN_VAIN: readonly (readonly [RegExp, string])[] = [
  [/^PartitionTimeLimit$/, 'its walltime is longer than the partition allows'],
  [/^PartitionNodeLimit$/, 'it wants more nodes than the partition gives, or those that it needs are down'],
  [/^PartitionConfig$/, 'it wants more than the partition has'],
  [/^BadConstraints$/, 'no nodes have what it asks for'],
  [/^(InvalidAccount|AccountNotAllowed)$/, 'its account may not be used there'],
  [/^(InvalidQOS|QOSNotAllowed)$/, 'its quality of service may not be used there'],
  [
    /^(Assoc|QOS|QOSPartition)?Max\w*(PerJob|WallDuration)\w*$/,
    'it wants more than one job of this account or quality of service may have',
  ],
  [/^AssociationTimeLimit$|^QOSTimeLimit$/, 'its walltime is longer than its account or quality of service allows'],
  [/^DependencyNeverSatisfied$/, 'what it depends on will not happen'],
  [/^ReservationDeleted$/, 'its reservation was deleted'],
  [/^JobHeld(User|Admin)$/, 'it is held: `scontrol release` lets it go'],
];

/** What slurmstepd says when it could not set up the files of a job; no signal has this number. */
const NO_FILES = 53;

export interface SlurmJob {
  /** 'RUNNING', 'CANCELLED by 1000', … */
  readonly state: string;
  /** 'None', 'Resources', 'NonZeroExitCode', … */
  readonly reason: string;
  readonly exit: SlurmExit | undefined;
}

export interface SlurmExit {
  readonly code: number;
  /** 0: none. */
  readonly signal: number;
}

/** Exit code 'code:signal' as of sacct, or the status as of wait(2) of squeue: 768 is exit code 3, and 9 signal 9. */
export function parseSlurmExit(text: string): SlurmExit | undefined {
  const [, code, signal] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (code !== undefined) return { code: Number(code), signal: Number(signal) };
  if (!/^\d+$/.test(text)) return undefined;
  return { code: Number(text) >> 8, signal: Number(text) & 0x7f };
}

export function describeSlurmJob({ state: words, reason, exit }: SlurmJob): JobStatus {
  const name = words.split(' ', 1)[0] ?? '';
  const state = STATES[name];
  if (state === undefined) return { state: 'unknown', reason: `Slurm says '${words}', which means nothing to this version of Flotilla` };
  switch (state) {
    case 'pending':
      return describePending(reason);
    case 'running':
      return name === 'RUNNING' ? { state } : { state, reason: name };
    case 'completed':
      return { state, exitCode: 0, reason: 'exit code 0' };
    case 'failed':
      return { state, ...endOf(exit), reason: [stateWords(words, reason), exitWords(exit)].filter(Boolean).join(', ') };
    default:
      return { state, reason: stateWords(words, reason) };
  }
}

function describePending(reason: string): JobStatus {
  if (isEmpty(reason)) return { state: 'pending' };
  const why = WAITS_IN_VAIN.find(([pattern]) => pattern.test(reason))?.[1];
  return why === undefined ? { state: 'pending', reason } : { state: 'pending', reason: `${reason}: ${why}`, neverStarts: true };
}

const isEmpty = (reason: string): boolean => reason === '' || reason === 'None';

const stateWords = (words: string, reason: string): string => (isEmpty(reason) ? words : `${words} (${reason})`);

function endOf(exit: SlurmExit | undefined): Pick<JobStatus, 'exitCode' | 'signal'> {
  if (exit === undefined || exit.signal === NO_FILES) return {};
  if (exit.signal === 0) return exit.code === 0 ? {} : { exitCode: exit.code };
  return { signal: signalName(exit.signal) };
}

function exitWords(exit: SlurmExit | undefined): string {
  if (exit === undefined || (exit.code === 0 && exit.signal === 0)) return '';
  if (exit.signal === NO_FILES) return 'its files for stdout and stderr, or its working directory, could not be opened on the node';
  return exit.signal === 0 ? `exit code ${exit.code}` : `killed by ${signalName(exit.signal)}`;
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
