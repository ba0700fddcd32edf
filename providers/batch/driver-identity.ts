/** Who a driver is, so that another one can tell whether it still lives. Knows nothing of jobs. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface DriverIdentity {
  /** Machine, boot and process table: a process id means something only among equals. */
  readonly machine: string;
  readonly pid: number;
  /** proc(5) `starttime`: a pid that was given away again has another. Empty where there is no /proc. */
  readonly startTime: string;
}

export function identifyDriver(pid = process.pid): DriverIdentity {
  const machine = [
    hostname(),
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    attempt(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return { machine: machine.join(' '), pid, startTime: startTimeOf(pid) };
}

/** @returns undefined when it ran on another machine, or before this one was booted: nothing can be said from here. */
export function isDriverAlive({ machine, pid, startTime }: DriverIdentity): boolean | undefined {
  if (machine !== identifyDriver().machine) return undefined;
  return isProcess(pid) && startTime === startTimeOf(pid);
}

function startTimeOf(pid: number): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // Not Linux, or the process is gone.
  }
}
