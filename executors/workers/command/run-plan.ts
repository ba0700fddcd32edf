/**
 * Turns a command's spec into the request to a spawner: whose files, which flags, with or without a shell. Pure.
 */
import { isAbsolute, resolve } from 'node:path';
import { DEFAULT_KILL_GRACE_MS } from '../../../lib/task-spec.ts';
import type { CommandSpec } from './command-spec.ts';
import { isPlainEnvironment, splitSimpleCommand } from './simple-command.ts';
import { withheld } from './spawner-argv.ts';
import { RunFlag, type RunRequest } from './spawner-protocol.ts';

export interface RunPlan {
  readonly request: RunRequest;
}

export interface PlanSurroundings {
  readonly cwd: string;
  /** All that a command sees, before its own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Start of the path of captured output. */
  readonly scratch: string;
  readonly direct?: boolean;
}

export function planRun(spec: CommandSpec, number: number, surroundings: PlanSurroundings): RunPlan | { readonly refused: string } {
  const refused = findNul(spec);
  if (refused !== undefined) return { refused };
  const cwd = spec.cwd ?? surroundings.cwd;
  const captured = (suffix: string): string => `${surroundings.scratch}.${suffix}`;
  const placed = (file: CommandSpec['stdout'], suffix: string): string =>
    file === undefined ? captured(suffix) : isAbsolute(file[0]) ? file[0] : resolve(cwd, file[0]);
  const request: RunRequest = {
    number,
    killGraceMs: Math.min(spec.killGraceMs ?? DEFAULT_KILL_GRACE_MS, 0xffffffff),
    flags: flagsOf(spec),
    cwd,
    stdout: placed(spec.stdout, 'out'),
    stderr: placed(spec.stderr, 'err'),
    command: spec.command,
    words: surroundings.direct === false ? [] : wordsOf(spec, surroundings.env),
    env: { ...withheld(surroundings.env), ...spec.env },
  };
  return { request };
}

function flagsOf(spec: CommandSpec): number {
  return (
    (spec.pty ? RunFlag.Pty : 0) |
    (spec.stdout?.[1] === 'a' ? RunFlag.StdoutAppend : 0) |
    (spec.stderr?.[1] === 'a' ? RunFlag.StderrAppend : 0) |
    (spec.stdout ? 0 : RunFlag.StdoutCaptured) |
    (spec.stderr ? 0 : RunFlag.StderrCaptured) |
    (spec.returns === 'exitCode' ? 0 : RunFlag.WholeStdout)
  );
}

function wordsOf(spec: CommandSpec, env: PlanSurroundings['env']): readonly string[] {
  const words = spec.pty ? null : splitSimpleCommand(spec.command);
  if (words === null) return [];
  const seen = spec.env ? { ...env, ...spec.env } : env;
  return isPlainEnvironment(seen, words[0] ?? '') ? words : [];
}

/** A NUL byte would end the string early in every system call. */
function findNul({ command, cwd, stdout, stderr, env }: CommandSpec): string | undefined {
  const named = Object.entries({ command, cwd, "'stdout' path": stdout?.[0], "'stderr' path": stderr?.[0] });
  for (const [what, text] of named) if (text?.includes('\0')) return `the ${what} holds a NUL byte, which no command can be given`;
  for (const [name, value] of Object.entries(env ?? {})) {
    if (name === '' || /[=\0]/.test(name)) return `the environment variable ${JSON.stringify(name)} cannot have that name`;
    if (value.includes('\0')) return `the environment variable ${name} holds a NUL byte, which no command can be given`;
  }
  return undefined;
}
