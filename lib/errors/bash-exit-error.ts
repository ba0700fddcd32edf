/**
 * A command that did not exit with 0.
 */
import { AppError } from './app-error.ts';
import { brandError } from './flotilla-error.ts';
import { lastLines, shorten } from './message-parts.ts';
import { nameTask, type TaskName } from './task-ref.ts';

export interface BashExitFields {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** 'SIGSEGV'; null when it exited. */
  readonly signal: string | null;
  readonly command: string;
  readonly stdoutTail: string;
  readonly stderrTail: string;
  /** Absolute paths of the files that hold all of it; undefined when the app named none. */
  readonly stdout?: string | undefined;
  readonly stderr?: string | undefined;
}

export class BashExitError extends AppError {
  static {
    brandError(this, 'BashExitError');
  }

  declare readonly exitCode: number | null;
  declare readonly signal: string | null;
  declare readonly command: string;
  declare readonly stdoutTail: string;
  declare readonly stderrTail: string;
  declare readonly stdout: string | undefined;
  declare readonly stderr: string | undefined;

  constructor(fields: BashExitFields, options?: { readonly message?: string; readonly task?: TaskName; readonly cause?: unknown }) {
    const { message, task, ...rest } = options ?? {};
    super('FLOTILLA_BASH_EXIT_ERROR', message ?? describeExit(fields, task), { ...rest, fields: { ...fields } });
  }
}

function describeExit(fields: BashExitFields, task: TaskName | undefined): string {
  const said = lastLines(fields.stderrTail || fields.stdoutTail, 5);
  const where = fields.stderr === undefined ? '' : `\nall of it: ${fields.stderr}`;
  return `${nameTask(task)}: the command ${howItEnded(fields)}: ${shorten(fields.command, 300)}${said === '' ? '' : `\n${said}`}${where}`;
}

/** What the shell found of a command that it could not run. A program may exit with 126 or 127 for reasons of its own: then undefined. */
export function shellVerdict(exitCode: number | null, stderrTail: string): 'not found' | 'not executable' | undefined {
  if (exitCode === 127 && /not found|no such file/i.test(stderrTail)) return 'not found';
  return exitCode === 126 && /permission denied|cannot execute|is a directory/i.test(stderrTail) ? 'not executable' : undefined;
}

function howItEnded({ exitCode, signal, stderrTail }: BashExitFields): string {
  if (signal !== null) return `was ended by ${signal}`;
  const verdict = shellVerdict(exitCode, stderrTail);
  if (verdict === 'not executable') return 'exited with 126 (found, but it cannot be executed: is it executable?)';
  if (verdict === 'not found') return 'exited with 127 (not found: is it on the PATH of the worker?)';
  return `exited with ${exitCode}`;
}
