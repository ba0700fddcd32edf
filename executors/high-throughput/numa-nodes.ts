/**
 * Which CPUs share memory: Linux says so in /sys (Documentation/ABI/stable/sysfs-devices-node of the kernel).
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseCpuList } from './cpu-list.ts';
import { readSystemFile } from './system-file.ts';

/** The CPUs of each NUMA node, in the order of their numbers; nodes of memory alone have none. Empty where nothing is known of that. */
export function readNumaNodes(root: string): number[][] {
  const folder = join(root, 'sys/devices/system/node');
  const lists = nodeNames(folder).map((name) => readSystemFile(join(folder, name, 'cpulist')).trim());
  return lists.filter((list) => list !== '').map(parseCpuList);
}

function nodeNames(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => /^node\d+$/.test(name));
    return names.sort((a, b) => Number(a.slice('node'.length)) - Number(b.slice('node'.length)));
  } catch {
    // Not Linux, or a kernel without NUMA.
    return [];
  }
}

/** `cpus` by NUMA node; those of no node together at the end, groups without any left out. */
export function groupByNuma(cpus: readonly number[], nodes: readonly (readonly number[])[]): number[][] {
  const known = nodes.map((node) => cpus.filter((cpu) => node.includes(cpu)));
  const others = cpus.filter((cpu) => !nodes.some((node) => node.includes(cpu)));
  return [...known, others].filter((group) => group.length > 0);
}
