/**
 * The first process of a job, whoever started it: this driver, whose child it is, or one before it. Owns learning of its end.
 */
import type { ChildProcess } from 'node:child_process';
import { identify, isAlive } from '../../lib/process-identity.ts';

export interface FirstProcess {
  readonly pid: number;
  /** Code and signal are unknown of a process that is nobody's child here. */
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Its end is awaited: the driver stays for it. */
  ref(): void;
}

const LOOK_MS = 250;

export function ofChild(child: ChildProcess): FirstProcess {
  child.unref();
  return {
    pid: child.pid ?? 0,
    exited: new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))),
    ref: () => child.ref(),
  };
}

/** @param pid of a process that is there now, or was. */
export function found(pid: number): FirstProcess {
  const identity = identify(pid);
  const ended = Promise.withResolvers<{ exitCode: null; signal: null }>();
  const timer = setInterval(() => {
    if (isAlive(identity)) return;
    clearInterval(timer);
    ended.resolve({ exitCode: null, signal: null });
  }, LOOK_MS);
  timer.unref();
  return { pid, exited: ended.promise, ref: () => timer.ref() };
}
