/**
 * Compiles the helper in C that starts commands, for this machine. Without it the one in Perl does that, at a higher cost: so nothing fails
 * where there is no compiler, or none that links statically. Static, so that it runs with whatever C library a node has.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'executors/workers/command';
const FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-O2', '-static', '-s'];

/** @param dist where the build goes. @returns what became of it, in words. */
export function compileSpawner(root, dist) {
  if (process.platform !== 'linux') return `no helper in C, which is for Linux`;
  const folder = join(root, FOLDER, 'native');
  const sources = readdirSync(folder).filter((file) => file.endsWith('.c'));
  const output = join(dist, FOLDER, `spawner-${process.platform}-${process.arch}`);
  const compiler = process.env.CC || 'cc';
  const why = problemOf(compiler, [...FLAGS, '-o', output, ...sources.map((file) => join(folder, file))]) ?? problemOf(output, ['--check']);
  if (why === undefined) return 'the helper in C is compiled';
  rmSync(output, { force: true });
  return `no helper in C, so Perl starts the commands (${why})`;
}

/** @returns undefined if the program ended with 0. */
function problemOf(program, args) {
  const { status, signal, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) return error.message;
  if (status === 0) return undefined;
  const last = stderr.trim().split('\n').at(-1);
  return `${program} ended with ${signal ?? `exit code ${status}`}${last ? `: ${last}` : ''}`;
}
