/**
 * How much memory a tree of processes has. Linux: reads /proc; elsewhere nothing is known.
 *
 * The kernel lists a process's children by the thread that started them (proc(5), /proc/PID/task/TID/children), so that nothing is read of
 * processes that are not of the tree. Kernels that do not (CONFIG_PROC_CHILDREN) have all processes looked through.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const LISTS_CHILDREN = existsSync('/proc/self/task') && existsSync(`/proc/self/task/${process.pid}/children`);

/** What it and all that it has started have resident, together; what they share counts for each. 0: it is gone. */
export function treeMemory(root: number, { withRoot }: { readonly withRoot: boolean }): number {
  const children = LISTS_CHILDREN ? listedChildren : childrenByParent();
  const pending = withRoot ? [root] : children(root);
  let bytes = 0;
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    bytes += residentBytes(pid);
    pending.push(...children(pid));
  }
  return bytes;
}

/** VmRSS of proc(5), in KiB whatever the page size; a zombie has none. */
function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kib ?? 0) * 1024;
}

function listedChildren(pid: number): number[] {
  return entries(`/proc/${pid}/task`).flatMap((thread) => {
    const list = read(`/proc/${pid}/task/${thread}/children`).trim();
    return list === '' ? [] : list.split(' ').map(Number);
  });
}

function childrenByParent(): (pid: number) => number[] {
  const byParent = new Map<number, number[]>();
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = Number(/^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? -1);
    byParent.set(parent, [...(byParent.get(parent) ?? []), Number(pid)]);
  }
  return (pid) => byParent.get(pid) ?? [];
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    // It ended while it was looked at.
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It ended while it was looked at.
    return '';
  }
}
