/**
 * What a task took, measured from within its worker: CPU time, and the most memory that was resident.
 *
 * A measurement begins with a batch, not with each task: a no-op would take half as long again. Tasks that are long enough to be
 * reported come alone, or behind 4 ms of others.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { type Usage, USAGE_THRESHOLD_US } from '../../../lib/wire/records.ts';

export interface UsageMeter {
  begin(): void;
  /** @returns undefined for a task that was too short. */
  end(durationUs: number): Usage | undefined;
}

/** A whole process: its other threads (garbage collection, native code) count. */
export function measureProcess(): UsageMeter {
  const resetPeak = peakReset();
  let before = process.cpuUsage();
  return {
    begin: () => {
      before = process.cpuUsage();
      resetPeak?.();
    },
    end: (durationUs) => {
      if (durationUs < USAGE_THRESHOLD_US) return undefined;
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
      const cpuMs = (userCPUTime + systemCPUTime - before.user - before.system) / 1000;
      before = { user: userCPUTime, system: systemCPUTime };
      return { cpuMs: Math.round(cpuMs), peakMemoryKiB: readPeak() ?? maxRSS };
    },
  };
}

/** A thread: memory belongs to all of them. */
export function measureThread(): UsageMeter {
  let before = process.threadCpuUsage();
  return {
    begin: () => {
      before = process.threadCpuUsage();
    },
    end: (durationUs) => {
      if (durationUs < USAGE_THRESHOLD_US) return undefined;
      const { user, system } = process.threadCpuUsage(before);
      before = process.threadCpuUsage();
      return { cpuMs: Math.round((user + system) / 1000), peakMemoryKiB: 0 };
    },
  };
}

/** KiB. That of getrusage cannot be forgotten, and has in it what the process was before it became this program. */
function readPeak(): number | undefined {
  try {
    const [, kib] = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    return kib === undefined ? undefined : Number(kib);
  } catch {
    // No Linux.
    return undefined;
  }
}

/** Linux forgets a process's peak when 5 is written here (proc_pid_clear_refs(5)); elsewhere the peak is that since its start. */
function peakReset(): (() => void) | undefined {
  try {
    const fd = openSync('/proc/self/clear_refs', 'w');
    return () => {
      try {
        writeSync(fd, '5');
      } catch {
        // The kernel was built without it: the peak stays that of the process.
      }
    };
  } catch {
    return undefined;
  }
}
