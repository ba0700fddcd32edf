/**
 * The run directory: `runinfo/NNN`, one per kernel, numbered from 000. Whoever could write in it could have the run's jobs do as they
 * like: that is its owner alone, however wide the umask is. Who may read it, the umask says.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors/config-error.ts';

const MODE = 0o755;

/**
 * Makes the next one. Two drivers that start at once get different ones.
 * @returns its absolute path.
 * @throws ConfigError that names the directory, if it cannot be made.
 */
export function makeRunDir(parent: string): string {
  const root = resolve(parent);
  try {
    makeDirectory(root);
    return makeNumbered(root);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `the run directory cannot be made in ${root} (${why}); name a directory that you may write to by runDir in the config, or with --set runDir=PATH`,
    );
  }
}

/** With all that is in it. Where it cannot be removed it stays: whoever asks has an error to tell. */
export function removeRunDir(runDir: string): void {
  try {
    rmSync(runDir, { recursive: true, force: true });
  } catch {
    // A network file system that still has a file open, say.
  }
}

/** By hand: Node's recursive mkdir never returns below /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: MODE });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path, { mode: MODE });
  }
}

function makeNumbered(root: string): string {
  for (let number = nextNumber(root); ; number++) {
    const runDir = join(root, String(number).padStart(3, '0'));
    try {
      mkdirSync(runDir, { mode: MODE });
      return runDir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function nextNumber(root: string): number {
  const numbers = readdirSync(root)
    .filter((name) => /^\d{3,}$/.test(name))
    .map(Number);
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
}
