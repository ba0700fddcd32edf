/**
 * How a task is told what it was given: its environment. Pure. What of that binds it (CPUs, devices) is for whoever starts it.
 */
import { acceleratorEnv, noAcceleratorEnv } from '../accelerators.ts';
import { formatCpuList } from '../cpu-list.ts';
import type { Grant } from './grant.ts';

type Env = Record<string, string>;

/** @param gpus names of the node's accelerators. */
export function grantEnv(grant: Grant, gpus: readonly string[]): Env {
  return {
    ...cpuEnv(grant),
    ...gpuEnv(grant, gpus),
    ...(grant.memoryBytes > 0 && { FLOTILLA_MEMORY: String(grant.memoryBytes) }),
    ...customEnv(grant),
    ...nodesEnv(grant),
  };
}

/** Of one that has parts of CPUs only, it is one thread. Ranks of a task on several nodes are bound by what starts them. */
function cpuEnv({ cpus, nodes, ranks }: Grant): Env {
  const ids = cpus.map(([cpu]) => cpu);
  const threads = ranks?.threadsPerRank ?? ids.length;
  const bound = nodes === undefined ? { GOMP_CPU_AFFINITY: ids.join(','), KMP_AFFINITY: `explicit,proclist=[${ids.join(',')}]` } : {};
  if (ids.length === 0) return { OMP_NUM_THREADS: String(Math.max(1, threads)) };
  return { FLOTILLA_CPUS: formatCpuList(ids), OMP_NUM_THREADS: String(threads), ...bound };
}

/** One that was given none must not take those of others: where the node has accelerators, it sees none. */
function gpuEnv(grant: Grant, gpus: readonly string[]): Env {
  if (gpus.length === 0) return {};
  const given = grant.gpus.map(([gpu]) => gpus[gpu] ?? String(gpu));
  if (given.length === 0) return { FLOTILLA_GPUS: '', ...noAcceleratorEnv() };
  const share = grant.gpus[0]?.[1] ?? 1;
  return {
    FLOTILLA_GPUS: given.join(','),
    ...(share < 1 && { FLOTILLA_GPU_SHARE: String(share) }),
    ...acceleratorEnv(given.join(',')),
  };
}

/** @example `{ licence: 2, 'lab-port': ['a', 'b'] }` → FLOTILLA_RESOURCE_LICENCE=2, FLOTILLA_RESOURCE_LAB_PORT=a,b */
function customEnv({ custom }: Grant): Env {
  const named = Object.entries(custom).map(([name, given]) => [nameOf(name), typeof given === 'number' ? String(given) : given.join(',')]);
  return Object.fromEntries(named) as Env;
}

const nameOf = (kind: string): string => `FLOTILLA_RESOURCE_${kind.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

function nodesEnv({ nodes }: Grant): Env {
  if (nodes === undefined) return {};
  return { FLOTILLA_NODES: String(nodes.length), FLOTILLA_HOSTS: nodes.map(({ host }) => host).join(',') };
}
