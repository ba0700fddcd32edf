/**
 * What this machine gives to this process: CPUs, memory, accelerators. Owns where Linux says so; decides nothing.
 * Elsewhere it falls back to what Node knows.
 */
import { availableParallelism, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { readVisibleAccelerators } from './accelerators.ts';
import { readCpuQuota, readMemoryLimit } from './cgroup.ts';
import { parseCpuList } from './cpu-list.ts';
import { readNumaNodes } from './numa-nodes.ts';
import { readSystemFile } from './system-file.ts';

export interface NodeFacts {
  readonly host: string;
  /** Ids of the CPUs that this process may use, ascending. */
  readonly cpus: number[];
  /** CPUs' worth of time that its control group allows; undefined: no such limit. */
  readonly cpuQuota: number | undefined;
  /** The machine's, or its control group's if that is less. */
  readonly memoryBytes: number;
  readonly visibleAccelerators: string[] | undefined;
  /** CPUs of each NUMA node of the machine; empty: not known. */
  readonly numaNodes: number[][];
}

export interface NodeFactsSource {
  /** Where /proc and /sys are. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function readNodeFacts({ root = '/', env = process.env }: NodeFactsSource = {}): NodeFacts {
  return {
    host: hostname(),
    cpus: readAllowedCpus(root),
    cpuQuota: readCpuQuota(root),
    memoryBytes: Math.min(readTotalMemory(root), readMemoryLimit(root) ?? Number.POSITIVE_INFINITY),
    visibleAccelerators: readVisibleAccelerators(env),
    numaNodes: readNumaNodes(root),
  };
}

function readAllowedCpus(root: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readSystemFile(join(root, 'proc/self/status')))?.[1];
  return list === undefined ? Array.from({ length: availableParallelism() }, (_, id) => id) : parseCpuList(list);
}

function readTotalMemory(root: string): number {
  const kib = /^MemTotal:\s*(\d+) kB$/m.exec(readSystemFile(join(root, 'proc/meminfo')))?.[1];
  return kib === undefined ? totalmem() : Number(kib) * 1024;
}
