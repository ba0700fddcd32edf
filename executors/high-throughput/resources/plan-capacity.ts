/**
 * What a node can give to tasks, and which part of that each of its slots takes. Pure: the node's facts come in, data goes out.
 */
import { listAccelerators } from '../accelerators.ts';
import { groupByNuma } from '../numa-nodes.ts';
import type { Slot, SlotRequest } from '../slots.ts';
import type { NodeCapacity, SlotClaim } from './capacity.ts';

export interface CapacityRequest extends SlotRequest {
  /** CPUs of each NUMA node; empty: not known. */
  readonly numaNodes: readonly (readonly number[])[];
  readonly custom: Readonly<Record<string, number | readonly string[]>>;
}

/** @param slots as planned for the same request. */
export function planCapacity(request: CapacityRequest, slots: readonly Slot[]): NodeCapacity {
  const cpus = usableCpus(request, slots);
  const gpus = listAccelerators(request.accelerators, request.visibleAccelerators);
  return {
    cpus: groupByNuma(cpus, request.numaNodes),
    gpus,
    gpuCpus: gpus.map((_, index) => cpusNear(request, index)),
    memoryBytes: request.memoryBytes,
    custom: request.custom,
    slots: slots.map((slot) => claimOf(slot, { request, cpus, slots: slots.length, gpus })),
  };
}

/** A container's quota of time counts as so many CPUs: those that slots are pinned to, then the first others. */
function usableCpus({ cpus, cpuQuota }: CapacityRequest, slots: readonly Slot[]): number[] {
  const pinned = new Set(slots.flatMap((slot) => slot.cpus ?? []));
  const count = Math.max(pinned.size, Math.min(cpus.length, Math.max(1, Math.floor(cpuQuota ?? cpus.length))));
  const others = cpus.filter((cpu) => !pinned.has(cpu)).slice(0, count - pinned.size);
  return [...pinned, ...others].sort((a, b) => a - b);
}

function cpusNear({ cpuAffinity, cpus }: CapacityRequest, gpu: number): number[] {
  const near = cpuAffinity.kind === 'list' ? cpuAffinity.sets[gpu] : undefined;
  return near === undefined ? [] : near.filter((cpu) => cpus.includes(cpu));
}

interface ClaimContext {
  readonly request: CapacityRequest;
  readonly cpus: readonly number[];
  readonly slots: number;
  readonly gpus: readonly string[];
}

function claimOf(slot: Slot, { request, cpus, slots, gpus }: ClaimContext): SlotClaim {
  const coresEach = Math.min(request.coresPerWorker, cpus.length / slots);
  const claimed = slot.cpus?.map((cpu) => [cpu, 1] as const) ?? shareOf(cpus, slot.index * coresEach, (slot.index + 1) * coresEach);
  const part = claimed.reduce((sum, [, share]) => sum + share, 0) / cpus.length;
  const memoryBytes = request.memPerWorkerBytes || Math.floor(request.memoryBytes * Math.min(part, 1 / slots));
  return { cpus: claimed, gpu: slot.accelerator === undefined ? -1 : gpus.indexOf(slot.accelerator), memoryBytes };
}

/** Shares are kept in thousandths of a CPU, so that ten tenths are one. */
const UNITS = 1000;

/** The CPUs that lie between two points of the row of all, each with the part of it that does. */
function shareOf(cpus: readonly number[], from: number, to: number): [cpu: number, share: number][] {
  const [first, end] = [Math.round(from * UNITS), Math.round(to * UNITS)];
  return cpus.flatMap((cpu, at): [number, number][] => {
    const units = Math.min(end, (at + 1) * UNITS) - Math.max(first, at * UNITS);
    return units > 0 ? [[cpu, units / UNITS]] : [];
  });
}
