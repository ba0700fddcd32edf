/**
 * A command to run and how it went, as the supervisor of a slot sees them. Data only.
 */
import type { WireError } from '../../../lib/errors/wire-error.ts';
import type { BashReturns, OpenMode } from '../../../lib/task-spec.ts';
import type { Usage } from '../../../lib/wire/records.ts';

export interface CommandSpec {
  /** What bash runs. */
  readonly command: string;
  /** Absolute; default: the runner's. */
  readonly cwd?: string;
  /** Added to the runner's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute path; missing parent directories are made. Without one the output is kept aside for the result and the messages. */
  readonly stdout?: readonly [path: string, mode: OpenMode];
  /** The same path as `stdout`: one open file for both. */
  readonly stderr?: readonly [path: string, mode: OpenMode];
  readonly returns: BashReturns;
  /** Runs it in a terminal: stdin, stdout and stderr are that terminal, and what it shows is the stdout. */
  readonly pty?: boolean;
  /** Absolute paths that must be there after an exit with 0. */
  readonly outputs?: readonly string[];
  /** Between TERM and KILL for what outlives the command in its process group; default 5,000. */
  readonly killGraceMs?: number;
}

/** Of a command that was not started and will not be. */
export const UNSTARTED = 'unstarted';

export interface CommandOutcome {
  /** null: a signal ended it, or it never started. */
  readonly exitCode: number | null;
  /** 'SIGKILL'; null when it exited. */
  readonly signal: string | null;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Wall time, µs. */
  readonly durationUs: number;
  /** With the processes that the command has waited for; undefined where its helper cannot tell. */
  readonly usage?: Usage | undefined;
  /** All that this command wrote; empty where `returns` is 'exitCode'. */
  readonly stdout: Buffer;
  /** The last 8 KiB at most of what this command wrote, of whole characters. */
  readonly stdoutTail: string;
  readonly stderrTail: string;
  /** What went wrong beside the command itself: it could not be started, outputs are missing, stdout cannot be read back. */
  readonly failure?: WireError;
}

/** How the runner's helper ended. */
export interface RunnerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrTail: string;
  /** Set where there was none, because the machine was short of something. */
  readonly shortage?: string;
}
