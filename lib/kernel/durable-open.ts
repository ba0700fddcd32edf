/**
 * Opens what a run keeps so that another driver can go on with it, and what earlier drivers have kept for this one.
 *
 * A driver may be killed between any two steps of this, and there is always a run to resume: the heir leads back to the one before it
 * claims that, and a claim that it did not live to make is made for it by whoever resumes the heir.
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CompiledConfig } from '../config.ts';
import { type History, readHistory } from '../durable/history.ts';
import { DURABLE_FOLDER, Journal, journalPathOf } from '../durable/journal.ts';
import { findResumed } from '../durable/resumable.ts';
import { announceDriver, chainOf, giveBackRun, isDurable, takeOverRun } from '../durable/run-file.ts';
import { ConfigError } from '../errors/config-error.ts';
import { logChannel } from './channels.ts';

export interface DurableRun {
  /** Run directories of the run that is resumed and of those that it went on with, the latest first. Empty: none is. */
  readonly earlier: readonly string[];
  /** Whether the managers of these may still be there. */
  readonly isTakenOver: boolean;
  readonly history: History;
  /** undefined: this run is not durable itself, and goes on with none that is. */
  readonly journal: Journal | undefined;
}

/** @throws ConfigError if the run that is named cannot be resumed. */
export async function openDurableRun(config: CompiledConfig, runDir: string, isToBeDurable: boolean): Promise<DurableRun> {
  const resumed = config.resume === undefined ? undefined : findResumed(config.resume, config.runDir, runDir);
  const earlier = chainOf(resumed);
  const isTakenOver = resumed !== undefined && isDurable(resumed);
  const journal = isToBeDurable || isTakenOver ? beginJournal(runDir, resumed, config) : undefined;
  const run = { earlier, isTakenOver, journal };
  try {
    if (isTakenOver) claim(earlier, runDir, config);
  } catch (error) {
    forget(run, runDir);
    throw error;
  }
  try {
    return { ...run, history: await readHistory(isTakenOver ? earlier.map(journalPathOf).reverse() : []) };
  } catch (cause) {
    giveBack(run, runDir);
    throw new ConfigError(`what run ${basename(resumed ?? '')} has left cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** One that goes on with another keeps a journal in any case: what that has left must not end with this driver. */
function beginJournal(runDir: string, previous: string | undefined, { executors }: CompiledConfig): Journal {
  const lasting = executors.filter((executor) => 'orphanGraceMs' in executor).map(({ label }) => label);
  announceDriver(runDir, { executors: lasting, previous });
  return new Journal({ runDir, onRefused: (error) => tellRefused(runDir, error) });
}

/** That run, and those before it: its driver may have been killed before it had claimed the one that it was to go on with. */
function claim(earlier: readonly string[], heir: string, { executors }: CompiledConfig): void {
  const labels = executors.map(({ label }) => label);
  const [latest, ...others] = earlier as [string, ...string[]];
  takeOverRun(latest, heir, labels);
  try {
    for (const [i, run] of others.entries()) if (isDurable(run)) takeOverRun(run, earlier[i] as string, labels);
  } catch (error) {
    giveBackRun(latest);
    throw error;
  }
}

/** The run cannot begin: what it was to go on with is as if nobody had touched it. */
export function giveBack(run: Omit<DurableRun, 'history'>, runDir: string): void {
  const [latest] = run.earlier;
  if (run.isTakenOver && latest !== undefined) giveBackRun(latest);
  forget(run, runDir);
}

function forget({ journal }: Omit<DurableRun, 'history'>, runDir: string): void {
  journal?.close();
  rmSync(join(runDir, DURABLE_FOLDER), { recursive: true, force: true });
}

/**
 * @param isComplete whether every task was done: then there is nothing to go on with, here and in the runs before. It goes when the
 * process ends well: a script may fail behind its last task, and large results can be fetched until then.
 */
export function closeDurableRun({ journal, earlier }: DurableRun, runDir: string, isComplete: boolean): void {
  journal?.close();
  if (!isComplete) return;
  const folders = [runDir, ...earlier].map((each) => join(each, DURABLE_FOLDER));
  process.once('exit', (code) => {
    if (code === 0) for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
}

function tellRefused(runDir: string, error: Error): void {
  const message = `the journal of ${runDir} cannot be written (${error.message}): if this driver died now, tasks would run again; they go on`;
  logChannel.publish({ executor: 'durable', level: 'error', message });
  process.stderr.write(`flotilla: ${message}\n`);
}
