/** Which GPUs a task gets. */
import { roomAt } from './devices.ts';
import type { Grant } from './grant.ts';
import type { Pool } from './pool.ts';
import { toShare, toUnits, WHOLE } from './shares.ts';

/** Whole ones have free CPUs near to them where that can be; a fraction comes from the GPU with the least room that has enough. */
export function chooseGpus(pool: Pool, wanted: number): Grant['gpus'] | undefined {
  if (wanted === 0) return [];
  return wanted < 1 ? chooseShare(pool, toUnits(wanted)) : chooseWhole(pool, wanted);
}

function chooseShare(pool: Pool, units: number): Grant['gpus'] | undefined {
  let best = -1;
  let bestRoom = Number.POSITIVE_INFINITY;
  for (let gpu = 0; gpu < pool.capacity.gpus.length; gpu++) {
    const room = roomAt(pool.gpus, gpu);
    if (room < units || room >= bestRoom) continue;
    best = gpu;
    bestRoom = room;
  }
  return best < 0 ? undefined : [[best, toShare(units)]];
}

function chooseWhole(pool: Pool, count: number): Grant['gpus'] | undefined {
  const free: number[] = [];
  for (let gpu = 0; gpu < pool.capacity.gpus.length; gpu++) if (roomAt(pool.gpus, gpu) === WHOLE) free.push(gpu);
  if (free.length < count) return undefined;
  if (free.length > count && pool.capacity.gpuCpus.length > 0) {
    const near = new Map(free.map((gpu) => [gpu, freeCpusNear(pool, gpu)]));
    free.sort((a, b) => (near.get(b) as number) - (near.get(a) as number) || a - b);
  }
  return free.slice(0, count).map((gpu) => [gpu, 1] as const);
}

function freeCpusNear(pool: Pool, gpu: number): number {
  const ids = pool.capacity.gpuCpus[gpu] ?? [];
  return ids.filter((id) => {
    const at = pool.cpuAt.get(id);
    return at !== undefined && roomAt(pool.cpus, at) === WHOLE;
  }).length;
}
