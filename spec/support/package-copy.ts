/**
 * The package as a user gets it: a copy of the source tree is built and packed, and the tarball is installed into an empty project.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from './source-tree.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code. */
export function run(cwd: string, program: string, args: readonly string[], env: Readonly<NodeJS.ProcessEnv> = {}): Promise<Ended> {
  const options = { cwd, env: { ...cleanEnvironment(), ...env }, encoding: 'utf8', timeout: 120_000 } as const;
  return new Promise((resolve) => {
    execFile(program, args, options, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** @throws with all it said, if the program did not end with 0. */
export async function runWell(cwd: string, program: string, args: readonly string[]): Promise<Ended> {
  const ended = await run(cwd, program, args);
  if (ended.code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

/** npm, run by npm, hands its settings down in the environment; here a user starts afresh. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|FLOTILLA_|NODE_OPTIONS|CI$)/.test(name)));
}

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'runinfo', 'spec', 'bench', 'docs']);

/** A folder with a copy of the source tree that shares the installed dependencies. Nothing is built in it. */
export async function copySource(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-source-'));
  await cp(ROOT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(ROOT, path).split('/')[0] ?? '') });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** An empty project with the tarball installed. */
export async function installTarball(tarball: string): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'flotilla-project-'));
  await writeFile(join(project, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  // Install scripts are npm's business and slow (a compiler for node-pty); what is needed comes built.
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await runWell(project, 'npm', ['install', ...options, tarball]);
  return project;
}

export const remove = (folder: string | undefined): Promise<void> =>
  folder === undefined ? Promise.resolve() : rm(folder, { recursive: true, force: true });
