/**
 * The most memory that each process of a tree has had resident, from /proc.
 */
import { readFileSync } from 'node:fs';
import { treeOf } from './process-tree.ts';

/** Of this process, and the largest of those that it has started and that are still there; bytes. */
export function peakMemory(): { readonly driverBytes: number; readonly largestOtherBytes: number } {
  const others = treeOf(process.pid).filter((pid) => pid !== process.pid);
  return { driverBytes: peakOf(process.pid), largestOtherBytes: Math.max(0, ...others.map(peakOf)) };
}

/** VmHWM of proc_pid_status(5), in KiB there. 0: it has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // It has ended since the folder was read.
  }
}
