/**
 * The start of a worker's process, with the files that it prints to; and what it means when that fails.
 *
 * A machine may be short of descriptors, processes or memory for a moment: such a start is worth another attempt.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';

export interface WorkerToStart {
  /** Names its files. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logDir: string;
}

export interface StartedWorker {
  readonly child: ChildProcess;
  /** Its fd 3. */
  readonly socket: Socket;
  readonly stderrFd: number;
  /** What the file held before. */
  readonly stderrFrom: number;
}

/** How long to wait before each further attempt where the machine is short of something, ms. */
export const SHORTAGE_DELAYS_MS: readonly number[] = [100, 200, 400, 800, 1600];

const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'the limit of open files of the process is too low (ulimit -n)',
  ENFILE: 'the machine has no descriptors left',
  EAGAIN: 'the limit of processes is reached (ulimit -u, or pids.max of the job): raise it, or have fewer workers',
  ENOMEM: 'there is no memory left: ask for more, or have fewer workers',
  ENOSPC: 'there is no room left where its output goes',
};

/** What the machine is short of, in words; undefined: it failed for another reason. */
export const shortageOf = ({ code = '' }: NodeJS.ErrnoException): string | undefined => SHORTAGES[code];

/** Of a process that was there and aborted before it was ready: Node does that where it gets no threads, mostly without a word. */
export function describeAborted(argv: readonly string[], stderrTail: string): string {
  const said = stderrTail.trim();
  const why = 'it got no threads or no memory: raise the limit of processes (ulimit -u, or pids.max of the job), or have fewer workers';
  return `${argv.join(' ')} aborted before it was ready, as if ${why}${said === '' ? '' : `; its stderr: ${said}`}`;
}

/**
 * @param failed told later where there is no process after all; the files are closed then.
 * @returns undefined where that is so.
 * @throws what the system says at once.
 */
export function startWorker({ name, argv, cwd, env, logDir }: WorkerToStart, failed: (error: Error) => void): StartedWorker | undefined {
  mkdirSync(logDir, { recursive: true });
  const stdoutFd = openSync(join(logDir, `${name}.stdout`), 'a');
  let stderrFd: number | undefined;
  try {
    stderrFd = openSync(join(logDir, `${name}.stderr`), 'a+');
    // Before it starts: it may have written by the time that spawn returns.
    const stderrFrom = fstatSync(stderrFd).size;
    const child = spawn(argv[0], argv.slice(1), { cwd, env, stdio: ['ignore', stdoutFd, stderrFd, 'pipe'], detached: true });
    if (child.pid !== undefined) return { child, socket: child.stdio[3] as Socket, stderrFd, stderrFrom };
    child.once('error', failed);
    closeSync(stderrFd);
    return undefined;
  } catch (error) {
    if (stderrFd !== undefined) closeSync(stderrFd);
    throw error;
  } finally {
    closeSync(stdoutFd);
  }
}
