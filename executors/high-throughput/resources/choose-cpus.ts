/**
 * Which CPUs a task gets: near to its GPUs first, where the config says which those are; then by the layout that it asks for. A task
 * without GPUs leaves those near to one to others as far as it can.
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import { roomAt } from './devices.ts';
import type { Grant } from './grant.ts';
import type { Pool } from './pool.ts';
import { toShare, toUnits, WHOLE } from './shares.ts';

/** @returns undefined if too few are free. */
export function chooseCpus(
  pool: Pool,
  { cores, layout }: Pick<RequestVariant, 'cores' | 'layout'>,
  gpus: Grant['gpus'],
): Grant['cpus'] | undefined {
  const near = positionsNear(
    pool,
    gpus.map(([gpu]) => gpu),
  );
  if (cores < 1) return chooseShare(pool, toUnits(cores), near);
  const free = pool.cpuIds.map((_, at) => at).filter((at) => roomAt(pool.cpus, at) === WHOLE);
  if (free.length < cores) return undefined;
  const take = layout === 'compact' ? takeCompact : takeScattered;
  const first = take(byNuma(pool, near.size === 0 ? [] : free.filter((at) => near.has(at))), cores);
  const chosen = new Set(first);
  const rest =
    first.length === cores
      ? []
      : take(
          byNuma(
            pool,
            shyOfGpus(
              pool,
              free.filter((at) => !chosen.has(at)),
              gpus,
            ),
          ),
          cores - first.length,
        );
  return [...first, ...rest].sort((a, b) => a - b).map((at) => [pool.cpuIds[at] as number, 1] as const);
}

function positionsNear({ capacity, cpuAt }: Pool, gpus: readonly number[]): Set<number> {
  const near = new Set<number>();
  for (const gpu of gpus) {
    for (const id of capacity.gpuCpus[gpu] ?? []) {
      const at = cpuAt.get(id);
      if (at !== undefined) near.add(at);
    }
  }
  return near;
}

/** The CPU with the least room that has enough; near ones before others. */
function chooseShare(pool: Pool, units: number, near: ReadonlySet<number>): Grant['cpus'] | undefined {
  const rank = (at: number): number => roomAt(pool.cpus, at) + (near.has(at) ? 0 : 2 * WHOLE);
  let best = -1;
  for (let at = 0; at < pool.cpuIds.length; at++) {
    if (roomAt(pool.cpus, at) < units) continue;
    if (best < 0 || rank(at) < rank(best)) best = at;
  }
  return best < 0 ? undefined : [[pool.cpuIds[best] as number, toShare(units)]];
}

type Groups = number[][];

const byNuma = (pool: Pool, positions: readonly number[]): Groups => {
  const groups: Groups = [];
  for (const at of positions) (groups[pool.numa[at] as number] ??= []).push(at);
  return groups.filter((group) => group !== undefined);
};

/** Those that are near to a GPU come last. */
function shyOfGpus(pool: Pool, positions: number[], gpus: Grant['gpus']): number[] {
  if (gpus.length > 0 || pool.capacity.gpuCpus.length === 0) return positions;
  const near = positionsNear(pool, [...pool.capacity.gpus.keys()]);
  return [...positions.filter((at) => !near.has(at)), ...positions.filter((at) => near.has(at))];
}

/** The smallest group that has enough; while none has, all of the largest. */
function takeCompact(groups: Groups, count: number): number[] {
  const taken: number[] = [];
  const bySize = [...groups].sort((a, b) => a.length - b.length);
  while (taken.length < count && bySize.length > 0) {
    const missing = count - taken.length;
    const at = bySize.findIndex((group) => group.length >= missing);
    const [group = []] = at < 0 ? bySize.splice(-1) : bySize.splice(at, 1);
    taken.push(...group.slice(0, missing));
  }
  return taken;
}

/** One of each group by turns. */
function takeScattered(groups: Groups, count: number): number[] {
  const taken: number[] = [];
  const longest = Math.max(0, ...groups.map((group) => group.length));
  for (let i = 0; i < longest; i++) {
    for (const group of groups) {
      if (taken.length === count) return taken;
      if (i < group.length) taken.push(group[i] as number);
    }
  }
  return taken;
}
