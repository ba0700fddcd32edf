/**
 * Whether what a manager says of its node, and of what its tasks run with, has the form of that: it came over a network.
 */
import type { NodeCapacity } from '../resources/capacity.ts';

type Check = (value: unknown) => boolean;

const isAmount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isCount: Check = (value) => isAmount(value) && Number.isInteger(value);
const isText: Check = (value) => typeof value === 'string';
const isMap: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const pairOf =
  (first: Check, second: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1]);
const fieldsOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isMap(value) && Object.entries(checks).every(([name, check]) => check((value as Record<string, unknown>)[name]));
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const areShares = listOf(pairOf(isCount, isAmount));
const isCustom: Check = (value) => isMap(value) && Object.values(value as object).every((kind) => isAmount(kind) || listOf(isText)(kind));
const isGpuIndex: Check = (value) => value === -1 || isCount(value);

const isSlotClaim = fieldsOf({ cpus: areShares, gpu: isGpuIndex, memoryBytes: isAmount });

const hasItsFields = fieldsOf({
  cpus: listOf(listOf(isCount)),
  gpus: listOf(isText),
  gpuCpus: listOf(listOf(isCount)),
  memoryBytes: isAmount,
  custom: isCustom,
  slots: listOf(isSlotClaim),
});

/** More than any node has: whoever claims them wants everybody's tasks, or that nobody gets any further. */
const MOST_DEVICES = 65_536;

export const isCapacity: Check = (value) => {
  if (!hasItsFields(value)) return false;
  const { cpus, gpus, slots, custom } = value as NodeCapacity;
  const ids = cpus.flat();
  const lists: readonly (readonly unknown[])[] = [ids, gpus, slots, Object.values(custom).flat()];
  return lists.every((list) => list.length <= MOST_DEVICES) && new Set(ids).size === ids.length;
};

const isNode = fieldsOf({ managerId: isText, host: isText });
const areRanks = fieldsOf({ ranksPerNode: isCount, threadsPerRank: isCount, gpusPerRank: isAmount, cpuBind: optional(isText) });

const isGrant = fieldsOf({
  variant: isCount,
  cpus: areShares,
  gpus: areShares,
  memoryBytes: isAmount,
  custom: isCustom,
  nodes: optional(listOf(isNode)),
  ranks: optional(areRanks),
});

export const areGrants = listOf(fieldsOf({ taskId: isCount, tryNumber: isCount, grant: isGrant }));
