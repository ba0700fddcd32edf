/**
 * How Slurm is asked for jobs. squeue speaks for the controller, which knows everything that lives and what has ended lately
 * (MinJobAge, five minutes by default); sacct for the database, which comes some seconds later and knows the rest.
 */
import type { CommandResult } from '../../lib/channel.ts';
import type { JobStatus } from '../../lib/provider.ts';
import type { FoundJob, FoundJobs, SchedulerCommand, StatusAnswer, StatusQuery } from '../batch/scheduler.ts';
import { slurmWords } from './answers.ts';
import { clusterArguments } from './cluster-arguments.ts';
import { describeSlurmJob, parseSlurmExit } from './states.ts';

/** Fields with sizes, as every version reads them; a longer one would be cut. */
const SQUEUE_FORMAT = 'JobID:20|,State:20|,exit_code:12|,Reason:200|';
const SACCT_FORMAT = 'JobIDRaw,State,ExitCode,Reason';
const JOB_ID = /^\d+$/;

export const squeueQuery = (clusters: string | undefined): StatusQuery => ({
  command: (jobIds) => ({
    argv: [
      'squeue',
      '--noheader',
      '--states=all',
      ...clusterArguments(clusters),
      `--jobs=${jobIds.join(',')}`,
      `--Format=${SQUEUE_FORMAT}`,
    ],
  }),
  parse: parseSqueue,
});

/** Whom it does not list, the controller does not know: of one such job it says so, of several it prints nothing. */
export function parseSqueue(result: CommandResult, jobIds: readonly string[]): StatusAnswer {
  const knowsNone = result.exitCode === 1 && result.stderr.includes('Invalid job id specified');
  if (result.exitCode !== 0 && !knowsNone) return { kind: 'unreachable', reason: slurmWords(result) };
  const jobs = new Map<string, JobStatus>();
  for (const line of result.stdout.split('\n')) {
    const [jobId = '', state = '', exit = '', ...reason] = line.split('|').map((field) => field.trim());
    if (!JOB_ID.test(jobId) || !jobIds.includes(jobId)) continue;
    jobs.set(jobId, describeSlurmJob({ state, reason: reason.join('|').replace(/\|$/, ''), exit: parseSlurmExit(exit) }));
  }
  return { kind: 'answered', jobs, denied: jobIds.filter((jobId) => !jobs.has(jobId)) };
}

export const sacctQuery = (clusters: string | undefined): StatusQuery => ({
  command: (jobIds) => ({
    argv: [
      'sacct',
      '--noheader',
      '--parsable2',
      '--allocations',
      ...clusterArguments(clusters),
      `--jobs=${jobIds.join(',')}`,
      `--format=${SACCT_FORMAT}`,
    ],
  }),
  parse: parseSacct,
});

/** Only ends are believed: a database that lags goes on calling a job pending that the controller has forgotten. */
export function parseSacct(result: CommandResult, jobIds: readonly string[]): StatusAnswer {
  if (result.exitCode !== 0 && !keepsNoAccounts(result)) return { kind: 'unreachable', reason: slurmWords(result) };
  const jobs = new Map<string, JobStatus>();
  for (const line of result.stdout.split('\n')) {
    const [jobId = '', state = '', exit = '', reason = ''] = line.split('|');
    const status = describeSlurmJob({ state, reason, exit: parseSlurmExit(exit) });
    if (jobIds.includes(jobId) && !['pending', 'running', 'unknown'].includes(status.state)) jobs.set(jobId, status);
  }
  return { kind: 'answered', jobs };
}

const keepsNoAccounts = ({ stderr }: CommandResult): boolean => /accounting storage is disabled/i.test(stderr);

export const findCommand = (clusters: string | undefined): SchedulerCommand => ({
  argv: ['squeue', '--noheader', '--me', ...clusterArguments(clusters), '--format=%i|%j|%T'],
});

export function parseFound(result: CommandResult): FoundJobs {
  if (result.exitCode !== 0) return { kind: 'unreachable', reason: slurmWords(result) };
  return { kind: 'found', jobs: result.stdout.split('\n').flatMap(parseFoundLine) };
}

/** A name may hold anything; several elements of an array are one line, `8_[2-3%2]`, and cancelled as such. */
function parseFoundLine(line: string): FoundJob[] {
  const [, jobId, name] = /^(\d+(?:_[^|\s]+)?)\|(.*)\|[A-Z_]+$/.exec(line) ?? [];
  return jobId === undefined || name === undefined ? [] : [{ jobId, name }];
}
