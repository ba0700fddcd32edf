/**
 * Runs `flotilla run` as a process of its own, in a folder of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedRun {
  readonly child: ChildProcess;
  readonly result: Promise<RunResult>;
  /** Resolves once stdout contains `text`; rejects if the process ends before. */
  said(text: string): Promise<void>;
}

export interface StartOptions {
  /** The child's stdin stays open, for the spec to write to. */
  readonly keepStdin?: boolean;
  /** Default: the folder. */
  readonly cwd?: string;
}

export interface ScriptFolder {
  readonly path: string;
  write(name: string, text: string): Promise<string>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>, options?: StartOptions): StartedRun;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<RunResult>;
  /** A bash script, in which `flotilla` is the command: for redirections and limits. */
  runScript(script: string, env?: Readonly<Record<string, string>>): Promise<RunResult>;
  remove(): Promise<void>;
}

const command = fileURLToPath(new URL('../../bin/flotilla.ts', import.meta.url));

/** What scripts in the folder import everything from. */
export const packageUrl = new URL('../../index.ts', import.meta.url).href;

export async function makeScriptFolder(): Promise<ScriptFolder> {
  const path = await mkdtemp(join(tmpdir(), 'flotilla-run-'));
  const startProgram = (program: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd = path) => {
    const inherited = { ...process.env, FLOTILLA_CONFIG: '', FLOTILLA_DEBUG: '', NODE_OPTIONS: '' };
    return spawn(program, args, { cwd, env: { ...inherited, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  };
  const start: ScriptFolder['start'] = (args, env = {}, { keepStdin = false, cwd = path } = {}) => {
    const child = startProgram(process.execPath, [command, ...args], env, cwd);
    // What is not written to it is not waited for.
    if (!keepStdin) child.stdin.end();
    return follow(child);
  };
  return {
    path,
    async write(name, text) {
      await writeFile(join(path, name), text);
      return name;
    },
    start,
    run: (args, env) => start(args, env).result,
    runScript(script, env = {}) {
      const child = startProgram('bash', ['-c', `flotilla() { "$NODE" "$COMMAND" "$@"; }; ${script}`], {
        NODE: process.execPath,
        COMMAND: command,
        ...env,
      });
      child.stdin.end();
      return follow(child).result;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

function follow(child: ChildProcess): StartedRun {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const result = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    ...output,
  }));
  const said = async (text: string): Promise<void> => {
    while (!output.stdout.includes(text)) {
      const ended = await Promise.race([result.then(() => true), once(child.stdout ?? child, 'data').then(() => false)]);
      if (ended && !output.stdout.includes(text)) throw new Error(`the run ended before it said ${text}:\n${output.stderr}`);
    }
  };
  return { child, result, said };
}
