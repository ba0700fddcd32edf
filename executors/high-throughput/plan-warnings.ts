/**
 * What of a plan for workers looks like a mistake, though a node would carry it out. Pure.
 */
import type { CompiledHighThroughput } from './compiled.ts';

type Plan = Pick<CompiledHighThroughput, 'cpuAffinity' | 'maxWorkersPerNode' | 'accelerators'>;

/** @param type of the executor. */
export function warnAboutPlan(type: string, { cpuAffinity, maxWorkersPerNode, accelerators }: Plan): string[] {
  if (cpuAffinity.kind !== 'list') return [];
  const { sets } = cpuAffinity;
  return [...describeShared(type, sets), ...describeUnused(type, sets.length, mostWorkers(maxWorkersPerNode, accelerators))];
}

function describeShared(type: string, sets: readonly (readonly number[])[]): string[] {
  const owner = new Map<number, number>();
  for (const [worker, set] of sets.entries()) {
    for (const cpu of set) {
      const other = owner.get(cpu);
      if (other !== undefined)
        return [`${type}.cpuAffinity gives CPU ${cpu} to worker ${other} and to worker ${worker}: they will share it`];
      owner.set(cpu, worker);
    }
  }
  return [];
}

const describeUnused = (type: string, listed: number, [most, option]: readonly [number, string]): string[] =>
  listed > most
    ? [`${type}.cpuAffinity lists CPUs for ${listed} workers, and ${option} allows ${most}: the last ${listed - most} are not used`]
    : [];

function mostWorkers(maxWorkersPerNode: number, accelerators: number | readonly string[]): readonly [most: number, option: string] {
  const count = typeof accelerators === 'number' ? accelerators : accelerators.length;
  return count > 0 && count < maxWorkersPerNode ? [count, 'availableAccelerators'] : [maxWorkersPerNode, 'maxWorkersPerNode'];
}
