/**
 * A process of this machine, told from a later one with the same id. Knows nothing of what it runs.
 */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /**
   * When it started, in clock ticks since the machine's boot (proc_pid_stat(5), field 22). '': unknown, as without /proc; 'gone': it had
   * ended already.
   */
  readonly started: string;
}

export const identify = (pid: number): ProcessIdentity => ({ pid, started: startOf(pid) ?? (hasProc() ? 'gone' : '') });

const hasProc = (): boolean => startOf(process.pid) !== undefined;

/** Whether it is still there. A zombie is not. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const now = startOf(pid);
  if (now !== undefined) return started === '' || now === started;
  return started === '' && answers(pid);
}

/** Of what the kernel calls a clock tick, USER_HZ: 100 on every Linux that Node runs on (time(7)). */
const TICKS_PER_SECOND = 100;

/** How long ago a process was started, ms; undefined: it is not there, or this machine has no /proc. */
export function ageOf(pid: number): number | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : Math.max(0, (uptime() - Number(started) / TICKS_PER_SECOND) * 1000);
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // "pid (comm) state ppid …": comm may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined; // It has ended, or this machine has no /proc.
  }
}

function answers(pid: number): boolean {
  try {
    // 0 and below are groups of processes, this one's own among them.
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
