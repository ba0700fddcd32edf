/** Command lines for the other side, whatever shell the user has there. Pure. */
import { quoteForShell } from '../../shell-quote.ts';

/** Marks a program that we started, and what it starts. */
const COMMAND_TAG = 'FLOTILLA_COMMAND';

export interface CommandText {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Value of the tag. */
  readonly tag: string;
  /** Shell commands to run first. */
  readonly init: string;
}

/**
 * The program takes the place of the shell: its exit code or its signal is the session's.
 * What init prints goes to stderr, and it reads nothing.
 */
export function commandLine({ argv, env = {}, tag, init }: CommandText): string {
  const variables = Object.entries({ ...env, [COMMAND_TAG]: tag }).map(([key, value]) => `${key}=${value}`);
  const first = init.trim() === '' ? '' : `{ ${init}\n} </dev/null >&2\n`;
  // `env` would take a program whose name has '=' for a variable: exports do not.
  const exports = variables.map((variable) => `export ${quoteForShell(variable)}`).join('\n');
  return forAnyShell(`${first}${exports}\nexec ${argv.map(quoteForShell).join(' ')}`);
}

/** Whoever carries the tag is told to end, and made to after two seconds. */
export function killLine(tag: string): string {
  const find = `grep -lz ${quoteForShell(`^${COMMAND_TAG}=${tag}$`)} /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3`;
  return forAnyShell(`pids=$(${find})
[ -z "$pids" ] && exit 0
kill -TERM $pids 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
  pids=$(${find})
  [ -z "$pids" ] && exit 0
  sleep 0.2
done
kill -KILL $pids 2>/dev/null`);
}

/** sshd hands the text to the user's login shell, which may be csh or fish: base64 means the same in all of them. */
export function forAnyShell(script: string): string {
  return `exec /bin/sh -c 'eval "$(printf %s ${Buffer.from(script).toString('base64')} | base64 -d)"'`;
}
