/**
 * Cancels what drivers that were killed have left in a scheduler's queue. Owns whose jobs may be touched: those that the scheduler
 * itself lists under the run tag of a driver that is dead for sure.
 */
import { rmSync } from 'node:fs';
import type { ProviderContext } from '../../lib/provider.ts';
import { isDriverAlive } from './driver-identity.ts';
import type { Finder } from './finder.ts';
import { readRecords, type StoredRecord } from './run-record.ts';

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
  for (const stored of readRecords(options.folder)) {
    if (stored.path !== options.own && isOfThisScheduler(stored, options) && isDead(stored, options.now())) await reap(stored, options);
  }
}

function isOfThisScheduler({ record }: StoredRecord, { scheduler, channel }: ReaperOptions): boolean {
  return record.scheduler === scheduler && record.channel === channel;
}

function isDead({ record, touchedAt }: StoredRecord, now: number): boolean {
  const alive = isDriverAlive(record.driver);
  return alive === undefined ? now - touchedAt > SILENCE_MS : !alive;
}

/** The record goes when the scheduler lists none of its jobs: not when it was asked to cancel them. */
async function reap({ path, record }: StoredRecord, { finder, scheduler, log }: ReaperOptions): Promise<void> {
  const jobs = await finder.find(record.prefix);
  if (jobs === undefined) return;
  if (jobs.length === 0) return rmSync(path, { force: true });
  const jobIds = jobs.map(({ jobId }) => jobId);
  const problem = await finder.cancel(jobIds);
  const what = `jobs ${jobIds.join(', ')} of ${scheduler}, left by run ${record.prefix.slice('flotilla.'.length, -1)}, which was killed (${record.scriptDir}),`;
  if (problem === undefined) log('info', `${what} are cancelled`, { jobIds });
  else log('warn', `${what} could not be cancelled: ${problem.reason}`, { jobIds });
}
