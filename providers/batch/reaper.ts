/**
 * Cancels what drivers that were killed have left in a scheduler's queue. Owns whose jobs may be touched: those that the scheduler
 * itself lists under the run tag of a driver that is dead for sure, and that no other driver has taken over.
 */
import { rmSync } from 'node:fs';
import type { ProviderContext } from '../../lib/provider.ts';
import { isDriverAlive } from './driver-identity.ts';
import type { Finder } from './finder.ts';
import { type RunRecord, readRecords, type StoredRecord } from './run-record.ts';
import type { FoundJob } from './scheduler.ts';

/** Names of all jobs of all runs begin so. */
const ANY_RUN = 'flotilla.';
/** A driver on another machine is taken for dead when it has said nothing for so long. */
const SILENCE_MS = 30 * 60_000;

export interface ReaperOptions {
  readonly folder: string;
  readonly scheduler: string;
  readonly channel: string;
  /** The record of the driver that asks. */
  readonly own: string | undefined;
  readonly finder: Finder;
  readonly log: ProviderContext['log'];
  now(): number;
}

/** Never throws; what cannot be done now is left for the next start. */
export async function reapDeadRuns(options: ReaperOptions): Promise<void> {
  const records = readRecords(options.folder).filter((stored) => isOfThisScheduler(stored, options));
  const dead = records.filter((stored) => stored.path !== options.own && isDead(stored, options.now()));
  if (dead.length === 0) return;
  const found = await options.finder.find(ANY_RUN);
  if (found === undefined) return;
  const spared = new Set(records.filter((stored) => !dead.includes(stored)).flatMap(({ record }) => Object.keys(record.jobs)));
  for (const stored of dead) {
    await reap(
      stored,
      found.filter((job) => isJobOf(stored.record, job) && !spared.has(job.jobId)),
      options,
    );
  }
}

function isOfThisScheduler({ record }: StoredRecord, { scheduler, channel }: ReaperOptions): boolean {
  return record.scheduler === scheduler && record.channel === channel;
}

function isDead({ record, touchedAt }: StoredRecord, now: number): boolean {
  const alive = isDriverAlive(record.driver);
  if (alive === true) return false;
  return now - touchedAt > Math.max(record.graceMs, alive === undefined ? SILENCE_MS : 0);
}

/** An id may have been given to another job since: the name decides. */
function isJobOf({ prefix, jobs }: RunRecord, { jobId, name }: FoundJob): boolean {
  return name.startsWith(prefix) || jobs[jobId] === name;
}

/** The record goes when the scheduler lists none of its jobs: not when it was asked to cancel them. */
async function reap({ path, record }: StoredRecord, jobs: readonly FoundJob[], { finder, scheduler, log }: ReaperOptions): Promise<void> {
  if (jobs.length === 0) return rmSync(path, { force: true });
  const jobIds = jobs.map(({ jobId }) => jobId);
  const problem = await finder.cancel(jobIds);
  const run = record.prefix.slice('flotilla.'.length, -1);
  const what = `jobs ${jobIds.join(', ')} of ${scheduler}, left by run ${run}, which was killed (${record.scriptDir}),`;
  if (problem === undefined) log('info', `${what} are cancelled`, { jobIds });
  else log('warn', `${what} could not be cancelled: ${problem.reason}`, { jobIds });
}
