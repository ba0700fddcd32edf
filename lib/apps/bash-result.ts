/**
 * What a finished command means to its app: the value asked for by `returns`, or the error that says how it failed.
 * Takes data, runs nothing.
 */
import { hostname } from 'node:os';
import { shellVerdict } from '../errors/bash-exit-error.ts';
import { lastLines, shorten } from '../errors/message-parts.ts';
import type { WireError } from '../errors/wire-error.ts';
import type { BashReturns, OpenMode } from '../task-spec.ts';

/** The command exited with 0, but what it wrote is not what `returns` asks for. */
export class BashResultError extends Error {
  override readonly name = 'BashResultError';
  readonly wireError: WireError;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.wireError = { kind: 'bash', name: 'BashExitError', message, fields: { exitCode: 0, signal: null } };
  }
}

/** What the messages need of a command. */
export interface BashCommand {
  readonly command: string;
  readonly stdout?: readonly [path: string, mode: OpenMode];
  readonly stderr?: readonly [path: string, mode: OpenMode];
}

export interface BashExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdoutTail: string;
  readonly stderrTail: string;
}

/**
 * The value of a command that exited with 0: 'exitCode' → 0; 'stdout' → text; 'lines' → its lines, without their ends and without
 * the empty one behind the last; 'json' → parsed. Bytes that are not UTF-8 become U+FFFD.
 *
 * @throws BashResultError
 */
export function bashResult(returns: BashReturns, stdout: Buffer): unknown {
  if (returns === 'exitCode') return 0;
  const text = toText(stdout);
  if (returns === 'stdout') return text;
  return returns === 'lines' ? splitLines(text) : parseJson(text);
}

function toText(stdout: Buffer): string {
  try {
    return stdout.toString('utf8');
  } catch (error) {
    const advice = "write it to a file and name that in 'outputs'";
    throw new BashResultError(`stdout of ${stdout.length} bytes is longer than a string can be; ${advice}`, error);
  }
}

function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/); // a terminal ends lines with \r\n
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const seen = text.trim() === '' ? 'it is empty' : `it starts with: ${text.slice(0, 200)}${text.length > 200 ? ' …' : ''}`;
    const message = `the command exited with 0, but its stdout is not JSON, which \`returns: 'json'\` asks for (${why}); ${seen}`;
    throw new BashResultError(message, error);
  }
}

/** The error of a command that did not exit with 0. */
export function bashFailure(spec: BashCommand, exit: BashExit, host = hostname()): WireError {
  const { exitCode, signal, stdoutTail, stderrTail } = exit;
  return {
    kind: 'bash',
    name: 'BashExitError',
    message: `\`${shorten(spec.command, 200)}\` ${describeExit(exit, host)}; ${describeOutput(spec, exit)}`,
    fields: {
      exitCode,
      signal,
      command: spec.command,
      stdoutTail,
      stderrTail,
      stdout: spec.stdout?.[0] ?? null,
      stderr: spec.stderr?.[0] ?? null,
    },
  };
}

function describeExit({ exitCode, signal, stderrTail }: BashExit, host: string): string {
  if (signal !== null) return `was ended by ${signal}`;
  const verdict = shellVerdict(exitCode, stderrTail);
  const hint =
    verdict === 'not executable'
      ? ` (it was found on ${host}, but it is not executable there)`
      : verdict === 'not found'
        ? ` (not found on the PATH of ${host})`
        : '';
  return `exited with ${exitCode}${hint}`;
}

function describeOutput(spec: BashCommand, { stdoutTail, stderrTail }: BashExit): string {
  const [name, tail, file] =
    stderrTail.trim() === '' && stdoutTail.trim() !== ''
      ? ['stderr is empty, stdout', stdoutTail, spec.stdout]
      : ['stderr', stderrTail, spec.stderr];
  const all = file ? ` (all of it: ${file[0]})` : '';
  const lines = lastLines(tail, 10);
  return lines === '' ? 'it wrote nothing to stderr' : `${name} ends: ${lines.length > 2000 ? `… ${lines.slice(-2000)}` : lines}${all}`;
}
