/**
 * CPUs, memory and accelerators, as they are given to this process.
 */
import { type NodeFacts, readNodeFacts } from '../../executors/high-throughput/node-facts.ts';
import { findAccelerators } from './accelerators.ts';
import { type Check, formatBytes, plural } from './check.ts';

const LITTLE_MEMORY = 2 ** 30;

export async function checkMachine(): Promise<Check[]> {
  const facts = readNodeFacts();
  return [hostCheck(facts), cpuCheck(facts), memoryCheck(facts), acceleratorCheck(facts, await findAccelerators())];
}

function hostCheck({ host }: NodeFacts): Check {
  return { group: 'machine', name: 'host', status: 'ok', found: `${host} (${process.platform} ${process.arch})` };
}

function cpuCheck({ cpus, cpuQuota }: NodeFacts): Check {
  const quota = cpuQuota === undefined || cpuQuota >= cpus.length ? '' : `, limited to the time of ${Number(cpuQuota.toFixed(2))}`;
  return { group: 'machine', name: 'CPUs', status: 'ok', found: `${plural(cpus.length, 'CPU')} for this process${quota}` };
}

function memoryCheck({ memoryBytes }: NodeFacts): Check {
  const check = { group: 'machine', name: 'memory', found: formatBytes(memoryBytes) } as const;
  if (memoryBytes >= LITTLE_MEMORY) return { ...check, status: 'ok' };
  const remedy = 'run fewer workers (maxWorkersPerNode), or ask for more memory';
  return { ...check, status: 'optional', neededFor: 'workers: about 60 MiB for each, without their tasks', remedy };
}

function acceleratorCheck({ visibleAccelerators }: NodeFacts, found: readonly string[]): Check {
  const given = visibleAccelerators === undefined ? '' : `; given to this job: ${visibleAccelerators.join(', ') || 'none'}`;
  const names = found.length === 0 ? 'none' : `${found.length}: ${[...new Set(found)].join(', ')}`;
  const hint = found.length === 0 ? '' : `; availableAccelerators: ${found.length} gives each worker one`;
  return { group: 'machine', name: 'accelerators', status: 'ok', found: `${names}${given}${hint}` };
}
