/**
 * Opens what a run keeps so that another driver can go on with it, and what earlier drivers have kept for this one.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CompiledConfig } from '../config.ts';
import { History } from '../durable/history.ts';
import { DURABLE_FOLDER, Journal, journalPathOf } from '../durable/journal.ts';
import { findResumed } from '../durable/resumable.ts';
import { announceDriver, giveBackRun, isDurable, takeOverRun } from '../durable/run-file.ts';
import { ConfigError } from '../errors/config-error.ts';
import { logChannel } from './channels.ts';

export interface DurableRun {
  /** Run directory of the run that is resumed, if one is. */
  readonly resumed: string | undefined;
  /** The same if its managers may still be there. */
  readonly takenOver: string | undefined;
  readonly history: History;
  /** undefined: this run is not durable itself. */
  readonly journal: Journal | undefined;
}

/** @throws ConfigError if the run that is named cannot be resumed. */
export async function openDurableRun(config: CompiledConfig, runDir: string, isToBeDurable: boolean): Promise<DurableRun> {
  const resumed = config.resume === undefined ? undefined : findResumed(config.resume, config.runDir, runDir);
  const takenOver = resumed !== undefined && isDurable(resumed) ? resumed : undefined;
  const onRefused = (error: Error): void => tellRefused(runDir, error);
  const journal = isToBeDurable ? new Journal({ runDir, previous: takenOver, onRefused }) : undefined;
  // Before that run is this one's: whoever resumes this one then finds the way back to it.
  if (journal) announceDriver(runDir);
  try {
    if (takenOver !== undefined) takeOverRun(takenOver, runDir);
    return { resumed, takenOver, journal, history: await readHistory(takenOver) };
  } catch (error) {
    journal?.close();
    rmSync(join(runDir, DURABLE_FOLDER), { recursive: true, force: true });
    throw error;
  }
}

async function readHistory(takenOver: string | undefined): Promise<History> {
  const history = new History();
  if (takenOver === undefined) return history;
  const path = journalPathOf(takenOver);
  try {
    await history.read(path);
    return history;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return history; // It was killed before its first task.
    giveBackRun(takenOver);
    throw new ConfigError(`the journal ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The run cannot begin: what it was to go on with is as if nobody had touched it. */
export function giveBack({ takenOver, journal }: DurableRun, runDir: string): void {
  journal?.close();
  rmSync(join(runDir, DURABLE_FOLDER), { recursive: true, force: true });
  if (takenOver !== undefined) giveBackRun(takenOver);
}

/** @param isComplete whether every task was done: then there is nothing to go on with, here and in the runs before. */
export function closeDurableRun({ journal, history }: DurableRun, runDir: string, isComplete: boolean): void {
  journal?.close();
  if (!isComplete) return;
  for (const folder of [join(runDir, DURABLE_FOLDER), ...history.journals.map(dirname)]) rmSync(folder, { recursive: true, force: true });
}

function tellRefused(runDir: string, error: Error): void {
  const message = `the journal of ${runDir} cannot be written (${error.message}): if this driver died now, tasks would run again; they go on`;
  logChannel.publish({ executor: 'durable', level: 'error', message });
  process.stderr.write(`flotilla: ${message}\n`);
}
