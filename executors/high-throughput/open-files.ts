/**
 * Whether this process may open as many files as it will need. With too few of them sockets fail in ways that say nothing of the reason,
 * so it is better not to start.
 */
import { readSystemFile } from './system-file.ts';

/** Driver, interchange and managers have about thirty before there is any work. */
export const LEAST_OPEN_FILES = 48;
/** The socket and the log of a worker. */
export const OPEN_FILES_PER_WORKER = 2;

/**
 * @param text of /proc/self/limits (proc_pid_limits(5)); where there is none, nothing is known.
 * @returns what is wrong and what to do; undefined: nothing.
 */
export function tooFewOpenFiles(needed: number, text = readSystemFile('/proc/self/limits')): string | undefined {
  const [soft] = /^Max open files\s+(\d+)/m.exec(text)?.slice(1) ?? [];
  if (soft === undefined || Number(soft) >= needed) return undefined;
  return `the limit of open files is ${soft}, and at least ${needed} are needed; raise it (ulimit -n 4096) before Flotilla is started there`;
}
