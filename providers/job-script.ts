/**
 * Text of the bash script that a job runs: environment, workerInit, command. Pure, and the same for every provider; what a
 * scheduler wants at the top is its provider's business.
 */
import { quoteForShell } from './shell-quote.ts';

export interface JobScript {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the user wants to run first, in the shell that then runs the command. */
  readonly workerInit: string;
  /** Wrapped by the launcher. */
  readonly command: string;
  /** Lines for the scheduler, right below the first. */
  readonly directives?: string;
}

/** @throws RangeError when an environment variable cannot be exported by a shell. */
export function buildJobScript({ name, env, workerInit, command, directives }: JobScript): string {
  const parts = ['#!/bin/bash', directives, `# Job ${oneLine(name)}`, LEAVE_ON_SIGNAL, exportLines(env), initLines(workerInit), command];
  return `${parts.filter((part) => part !== undefined && part !== '').join('\n')}\n`;
}

/**
 * The signal goes to every process of the group: bash waits for the program that it runs, and leaves with that one's exit code
 * instead of going on with the next line.
 */
const LEAVE_ON_SIGNAL = `trap 'exit $?' TERM`;

function exportLines(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([key, value]) => `export ${requireVariableName(key)}=${quoteForShell(value)}`);
  return [...lines, ...(BLOCK_WALLTIME in env ? [TELL_END] : [])].join('\n');
}

/** Whole seconds that the job may last. The script adds FLOTILLA_BLOCK_END, seconds since the epoch. */
export const BLOCK_WALLTIME = 'FLOTILLA_BLOCK_WALLTIME';

/** The time counts from the job's start; workerInit may take minutes of it. */
const TELL_END = `export FLOTILLA_BLOCK_END=$(($(date +%s) + ${BLOCK_WALLTIME}))`;

function requireVariableName(key: string): string {
  if (/^[A-Za-z_]\w*$/.test(key)) return key;
  throw new RangeError(`${JSON.stringify(key)} cannot be exported by a shell; a variable's name has letters, digits and _ only`);
}

/**
 * A workerInit fails when its last command does, when it exits, or when it has set -e and any command fails. The EXIT trap
 * says so for the latter two; it is taken back only if workerInit has not put its own in its place.
 */
function initLines(workerInit: string): string {
  if (workerInit.trim() === '') return '';
  return `flotilla_init_ended() {
  echo "flotilla: workerInit failed: it ended with exit code $1 and the command was not started" >&2
}
trap 'flotilla_init_ended $?' EXIT
${workerInit}
flotilla_status=$?
case "$(trap -p EXIT)" in *flotilla_init_ended*) trap - EXIT ;; esac
if [ "$flotilla_status" -ne 0 ]; then
  flotilla_init_ended "$flotilla_status"
  exit "$flotilla_status"
fi`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
