/**
 * Which run a person means by `--resume`, and what there is to go on with.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors/config-error.ts';
import { checkpointPathOf } from '../memo/find-checkpoints.ts';
import { journalPathOf } from './journal.ts';
import { isDurable } from './run-file.ts';

/**
 * @param name the number of a run, 'last', or the path of a run directory. @param runs the folder that holds the run directories; @param own that of the run at hand.
 * @returns absolute path of its run directory; undefined for 'last' where no earlier run has left anything: a script that always
 * resumes begins some time. @throws ConfigError if the run is not there, or has left nothing.
 */
export function findResumed(name: string, runs: string, own: string): string | undefined {
  const root = resolve(runs);
  const earlier = runsIn(root).filter((path) => path !== own && hasLeftSomething(path));
  if (name === 'last') return earlier.at(-1);
  const path = /^\d+$/.test(name) ? join(root, name.padStart(3, '0')) : resolve(name);
  if (path !== own && hasLeftSomething(path)) return path;
  const latest = earlier.slice(-3).map((each) => each.slice(root.length + 1));
  const hint = latest.length === 0 ? `no run in ${root} has any` : `the latest in ${root} that have some: ${latest.join(', ')}`;
  throw new ConfigError(
    existsSync(path)
      ? `run ${name} has no results to go on with: it has no checkpoint, which apps with cache: true leave, and was not durable (orphanGrace); ${hint}`
      : `there is no run ${name} to resume: ${hint}`,
  );
}

/** The file that says it: its checkpoint, or else its journal. */
export const whatIsLeftOf = (runDir: string): string =>
  existsSync(checkpointPathOf(runDir)) ? checkpointPathOf(runDir) : journalPathOf(runDir);

/** Oldest first. */
function runsIn(root: string): string[] {
  if (!existsSync(root)) return [];
  const names = readdirSync(root).filter((name) => /^\d{3,}$/.test(name));
  return names.sort((a, b) => Number(a) - Number(b)).map((name) => join(root, name));
}

export const hasLeftSomething = (runDir: string): boolean => existsSync(checkpointPathOf(runDir)) || isDurable(runDir);
