/**
 * Finding the run directory that a person means: a number, `last`, or a path.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { EVENT_LOG } from '../../lib/events/format.ts';
import { UsageError } from '../usage-error.ts';

export interface RunFolder {
  /** As its directory is called: '007'. */
  readonly run: string;
  /** Absolute. */
  readonly path: string;
}

/**
 * Those with an event log, oldest first; empty if there is no such directory. Also those that may not be read: who reads them is told so.
 * @throws UsageError if the directory cannot be read.
 */
export function listRuns(root: string): RunFolder[] {
  const parent = resolve(root);
  return namesIn(parent)
    .filter((name) => /^\d{3,}$/.test(name) && hasLog(join(parent, name)))
    .sort((a, b) => Number(a) - Number(b))
    .map((run) => ({ run, path: join(parent, run) }));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new UsageError(`the runs of ${folder} cannot be listed: ${message}`);
  }
}

/** Whether there is one, or nobody here may know. */
function hasLog(runDir: string): boolean {
  try {
    return statSync(join(runDir, EVENT_LOG), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true; // to be told by whoever reads it
  }
}

/**
 * @param which '7', '007', 'last', or the path of a run directory.
 * @throws UsageError naming the runs that there are.
 */
export function findRun(which: string, root: string): RunFolder {
  if (which.includes('/')) {
    const path = resolve(which);
    if (hasLog(path)) return { run: basename(path), path };
    throw new UsageError(`${path} has no event log (${EVENT_LOG}); is it a run directory?`);
  }
  const runs = listRuns(root);
  const found = which === 'last' ? runs.at(-1) : runs.find(({ run }) => /^\d+$/.test(which) && Number(run) === Number(which));
  if (found) return found;
  const known = runs.length === 0 ? 'no run with an event log' : listNames(runs);
  throw new UsageError(`there is no run ${which}: ${resolve(root)} has ${known}; --run-dir names another directory`);
}

const listNames = (runs: readonly RunFolder[]): string =>
  runs.length === 1 ? `run ${runs[0]?.run} alone` : `runs ${runs[0]?.run} to ${runs.at(-1)?.run}`;

/** @throws UsageError if it is no task id. */
export function toTaskId(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`${text} is no task id: tasks are numbered from 1, as the summary of a run and error messages name them`);
}
