/**
 * The words for workers that ended, or were ended, before they were ready. Reads the end of their stderr.
 */
import { fstatSync, readSync } from 'node:fs';
import type { WorkerExit } from './runner.ts';

/** On a shared disk that a thousand nodes read from at once, a start takes its time. */
export const START_TIMEOUT_MS = 120_000;
/** A report of Python's has all threads in it, one of Node's a native stack: the reason is at their beginning. */
const STDERR_TAIL_BYTES = 16 * 1024;

interface StartFacts {
  readonly argv: readonly string[];
  /** What to say when the program is not there. */
  readonly missingHint: string;
  readonly startTimeoutMs?: number;
}

export function describeOverdue({ argv, startTimeoutMs = START_TIMEOUT_MS }: StartFacts): string {
  const why = 'a limit of processes that it needs threads of (ulimit -u), or a disk that hangs';
  return `${argv.join(' ')} was not ready after ${startTimeoutMs / 1000} s, and was ended: ${why}`;
}

/** Of a worker that ended before its Hello. One that a signal ended is a loss: it may have been anybody's. */
export function startErrorOf({ argv, missingHint }: StartFacts, refusal: string | undefined, exit: WorkerExit): string | undefined {
  const { exitCode, stderrTail } = exit;
  const said = stderrTail.trim();
  const command = argv.join(' ');
  if (refusal !== undefined) return `${command} is no worker of this Flotilla: ${refusal}. ${missingHint}`;
  if (exitCode === null) return undefined;
  // So taskset and setpriv report a missing program, with a line of their own.
  const known = exitCode === 127 ? 'there is no such program' : exitCode === 126 ? 'it is not executable' : undefined;
  if (known !== undefined) return `${command} cannot be started: ${said || known}. ${missingHint}`;
  const stderr = said === '' ? 'its stderr is empty' : `its stderr: ${said}`;
  return `${command} ended with exit code ${exitCode} before it was ready; ${stderr}\n${missingHint}`;
}

/** @param from where the words of others end. */
export function readTail(fd: number, from: number): string {
  const size = fstatSync(fd).size;
  const start = Math.max(from, size - STDERR_TAIL_BYTES);
  const tail = Buffer.alloc(Math.max(0, size - start));
  const length = readSync(fd, tail, 0, tail.length, start);
  return tail.toString('utf8', 0, length);
}
