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
  /** Where it all runs, for schedulers that start a job somewhere else. */
  readonly workingDirectory?: string;
  /** File into which the script writes its exit code, last of all, for schedulers that forget jobs. */
  readonly endPath?: string;
}

/** @throws RangeError when an environment variable cannot be exported by a shell. */
export function buildJobScript({ name, env, workerInit, command, directives, workingDirectory, endPath }: JobScript): string {
  const body = joinParts([LEAVE_ON_SIGNAL, enterLine(workingDirectory), exportLines(env), initLines(workerInit), command]);
  const top = joinParts(['#!/bin/bash', directives, `# Job ${oneLine(name)}`]);
  return `${top}\n${endPath === undefined ? body : recordEnd(body, endPath)}\n`;
}

const joinParts = (parts: readonly (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== '').join('\n');

/** In a shell of its own, so that neither `exec` nor another EXIT trap in it keeps the end from being written down. */
const recordEnd = (body: string, endPath: string): string => `flotilla_end=${quoteForShell(endPath)}
rm -f -- "$flotilla_end" # Of an earlier start of the same job.
flotilla_ended() { echo "$?" > "$flotilla_end"; }
trap flotilla_ended EXIT
${LEAVE_ON_SIGNAL}
(
${body}
)
exit "$?"`;

/**
 * The signal goes to every process of the group: bash waits for the program that it runs, and leaves with that one's exit code
 * instead of going on with the next line.
 */
const LEAVE_ON_SIGNAL = `trap 'exit $?' TERM`;

const enterLine = (directory: string | undefined): string => (directory === undefined ? '' : `cd -- ${quoteForShell(directory)} || exit`);

function exportLines(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([key, value]) => `export ${requireVariableName(key)}=${quoteForShell(value)}`)
    .join('\n');
}

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
