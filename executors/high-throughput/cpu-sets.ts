/**
 * Which CPUs each of a node's slots gets. Pure: knows CPU ids, not processes.
 * The forms of affinity mean what they mean in Parsl, so that a site's recipe gives the same pinning here.
 */
import type { CpuAffinity } from './affinity-option.ts';
import { formatCpuList } from './cpu-list.ts';
import { SlotPlanError } from './slot-plan-error.ts';

/**
 * The CPU set of each of `slotCount` slots, out of `cpus` (ascending ids that this node gave to the job); undefined: not pinned.
 * @throws SlotPlanError when a slot would get no CPU, or one that the job may not use.
 */
export function assignCpus(affinity: CpuAffinity, cpus: readonly number[], slotCount: number): (number[] | undefined)[] {
  const slots = Array.from({ length: slotCount }, (_, index) => index);
  switch (affinity.kind) {
    case 'none':
      return slots.map(() => undefined);
    case 'list':
      return slots.map((slot) => explicitSet(affinity.sets, cpus, slot, slotCount));
    case 'alternating':
      requireOneCpuEach(affinity.kind, cpus, slotCount);
      return slots.map((slot) => cpus.filter((_, at) => at % slotCount === slot));
    case 'block':
      return contiguousBlocks(affinity.kind, cpus, slotCount);
    case 'block-reverse':
      return contiguousBlocks(affinity.kind, cpus, slotCount).reverse();
  }
}

function contiguousBlocks(kind: string, cpus: readonly number[], slotCount: number): number[][] {
  requireOneCpuEach(kind, cpus, slotCount);
  const size = Math.floor(cpus.length / slotCount);
  return Array.from({ length: slotCount }, (_, slot) => cpus.slice(slot * size, (slot + 1) * size));
}

function requireOneCpuEach(kind: string, cpus: readonly number[], slotCount: number): void {
  if (cpus.length >= slotCount) return;
  throw new SlotPlanError(
    `cpuAffinity '${kind}' cannot give each of ${slotCount} workers a CPU of its own: this job may use ${cpus.length} ` +
      `(${formatCpuList(cpus)}); use cpuAffinity 'none', or lower maxWorkersPerNode to ${cpus.length}`,
  );
}

function explicitSet(sets: readonly (readonly number[])[], cpus: readonly number[], slot: number, slotCount: number): number[] {
  const set = sets[slot];
  if (set === undefined) {
    throw new SlotPlanError(
      `cpuAffinity lists ${sets.length} CPU sets, but this node has ${slotCount} workers; ` +
        `list one set per worker, or set maxWorkersPerNode to ${sets.length}`,
    );
  }
  const foreign = set.filter((id) => !cpus.includes(id));
  if (foreign.length === 0) return [...set];
  throw new SlotPlanError(
    `cpuAffinity gives worker ${slot} the CPUs ${formatCpuList(foreign)}, which this job may not use; it may use ${formatCpuList(cpus)}`,
  );
}
