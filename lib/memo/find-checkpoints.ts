/**
 * Which checkpoint files a person means: by the number of a run, 'last', 'all', or the path of a file, a run directory or the folder
 * `checkpoint` in one.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors/config-error.ts';

const CHECKPOINT_FOLDER = 'checkpoint';
const CHECKPOINT_FILE = 'results.ckpt';

/** Where a run has its own. */
export const checkpointPathOf = (runDir: string): string => join(runDir, CHECKPOINT_FOLDER, CHECKPOINT_FILE);

/**
 * @param runs the folder that holds the run directories; @param own that of the run at hand, which is passed over.
 * @returns absolute paths, each once. Nothing for 'last' and 'all' where there is no earlier run with a checkpoint: a script that
 * always resumes begins some time.
 * @throws ConfigError naming what is not there.
 */
export function findCheckpoints(names: readonly string[], runs: string, own: string): string[] {
  return [...new Set(names.flatMap((name) => findOne(name, resolve(runs), own)))];
}

function findOne(name: string, runs: string, own: string): string[] {
  if (name === 'all') return earlierRuns(runs, own);
  if (name === 'last') return earlierRuns(runs, own).slice(-1);
  const inRuns = /^\d+$/.test(name) ? join(runs, name.padStart(3, '0')) : undefined;
  const found = [inRuns, resolve(name)]
    .filter((path) => path !== undefined && path !== own)
    .map((path) => fileAt(path ?? ''))
    .find(Boolean);
  if (found) return [found];
  const seen = earlierRuns(runs, own)
    .slice(-3)
    .map((path) => resolve(path, '../..'));
  const hint =
    seen.length === 0
      ? `no run in ${runs} has a checkpoint`
      : `the latest in ${runs} that have one: ${seen.map((path) => path.slice(runs.length + 1)).join(', ')}`;
  throw new ConfigError(
    `there is no checkpoint '${name}': neither the number of a run, nor 'last', 'all', a checkpoint file or a run directory with one; ${hint}`,
  );
}

function fileAt(path: string): string | undefined {
  const candidates = [path, join(path, CHECKPOINT_FILE), checkpointPathOf(path)];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}

/** Oldest first. */
function earlierRuns(runs: string, own: string): string[] {
  if (!existsSync(runs)) return [];
  const numbers = readdirSync(runs).filter((name) => /^\d{3,}$/.test(name) && join(runs, name) !== own);
  return numbers
    .sort((a, b) => Number(a) - Number(b))
    .map((name) => checkpointPathOf(join(runs, name)))
    .filter((path) => existsSync(path));
}
