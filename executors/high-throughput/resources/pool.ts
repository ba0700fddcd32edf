/**
 * What of a node is given out, and to whom it may go: grants of tasks, and claims of the slots that serve tasks that ask for nothing. Pure:
 * no clock, no I/O; a pool is changed in place by the few functions here. Promise 6 (no index is given out twice) is theirs.
 *
 * What slots claim is the config's plan and may exceed the node (two slots pinned to one CPU); what grants take never does.
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import type { NodeCapacity, SlotClaim } from './capacity.ts';
import { chooseCpus } from './choose-cpus.ts';
import { chooseGpus } from './choose-gpus.ts';
import { copyDevices, createDevices, type Devices } from './devices.ts';
import type { Grant } from './grant.ts';
import { toShare, toUnits, WHOLE } from './shares.ts';

export interface Pool {
  readonly capacity: NodeCapacity;
  /** By position: over all NUMA nodes, one after the other. */
  readonly cpuIds: readonly number[];
  /** By position: which NUMA node. */
  readonly numa: readonly number[];
  /** Positions by id. */
  readonly cpuAt: ReadonlyMap<number, number>;
  readonly cpus: Devices;
  readonly gpus: Devices;
  grantedBytes: number;
  slotBytes: number;
  /** Amounts, by kind. */
  readonly customGranted: Map<string, number>;
  /** Kinds whose units have names: those that are granted. */
  readonly namesGranted: Map<string, Set<string>>;
  /** By slot: whether it serves tasks that ask for nothing. */
  readonly leased: boolean[];
}

/** Nothing is given out, no slot leased. */
export function createPool(capacity: NodeCapacity): Pool {
  const cpuIds = capacity.cpus.flat();
  return {
    capacity,
    cpuIds,
    numa: capacity.cpus.flatMap((ids, node) => ids.map(() => node)),
    cpuAt: new Map(cpuIds.map((id, at) => [id, at])),
    cpus: createDevices(cpuIds.length),
    gpus: createDevices(capacity.gpus.length),
    grantedBytes: 0,
    slotBytes: 0,
    customGranted: new Map(),
    namesGranted: new Map(),
    leased: capacity.slots.map(() => false),
  };
}

/** To try something out on. */
export const clonePool = (pool: Pool): Pool => ({
  ...pool,
  cpus: copyDevices(pool.cpus),
  gpus: copyDevices(pool.gpus),
  customGranted: new Map(pool.customGranted),
  namesGranted: new Map([...pool.namesGranted].map(([kind, names]) => [kind, new Set(names)])),
  leased: [...pool.leased],
});

// --- grants

/** @returns undefined if it does not fit now. */
export function allocate(pool: Pool, variant: RequestVariant, index: number): Grant | undefined {
  const grant = choose(pool, variant, index);
  if (grant) occupy(pool, grant);
  return grant;
}

function choose(pool: Pool, variant: RequestVariant, index: number): Grant | undefined {
  if (variant.memoryBytes > pool.capacity.memoryBytes - pool.grantedBytes - pool.slotBytes) return undefined;
  const gpus = chooseGpus(pool, variant.gpus);
  const cpus = gpus && chooseCpus(pool, variant, gpus);
  const custom = cpus && chooseCustom(pool, variant.custom);
  return custom && { variant: index, cpus, gpus, memoryBytes: variant.memoryBytes, custom };
}

/** All of it. @returns undefined if anything of it is given out, or if it has less than is asked for. */
export function allocateWhole(pool: Pool, variant: RequestVariant, index: number): Grant | undefined {
  if (!isUntouched(pool) || variant.memoryBytes > pool.capacity.memoryBytes) return undefined;
  const custom = chooseCustom(pool, variant.custom);
  if (!custom) return undefined;
  const grant = wholeNode(pool, variant.memoryBytes, custom, index);
  occupy(pool, grant);
  return grant;
}

/** As a member of a task on several nodes. @param grant of the node that runs it. */
export function occupyWhole(pool: Pool, { memoryBytes, custom, variant }: Grant): Grant {
  const grant = wholeNode(pool, memoryBytes, amountsOnly(custom), variant);
  occupy(pool, grant);
  return grant;
}

/** Units with names are those of one node. With all CPUs taken, nobody else can have them. */
const amountsOnly = (custom: Grant['custom']): Grant['custom'] =>
  Object.fromEntries(Object.entries(custom).filter(([, given]) => typeof given === 'number'));

const wholeNode = (pool: Pool, memoryBytes: number, custom: Grant['custom'], variant: number): Grant => ({
  variant,
  cpus: pool.cpuIds.map((id) => [id, 1] as const),
  gpus: pool.capacity.gpus.map((_, gpu) => [gpu, 1] as const),
  memoryBytes,
  custom,
});

/** Neither a grant nor a leased slot. */
export const isUntouched = ({ cpus, gpus, grantedBytes, slotBytes, leased }: Pool): boolean =>
  !leased.includes(true) &&
  grantedBytes === 0 &&
  slotBytes === 0 &&
  [cpus, gpus].every(({ granted }) => granted.every((units) => units === 0));

function chooseCustom(pool: Pool, wanted: RequestVariant['custom']): Grant['custom'] | undefined {
  const chosen: Record<string, number | readonly string[]> = {};
  for (const kind in wanted) {
    const units = toUnits(wanted[kind] as number);
    const has = Object.hasOwn(pool.capacity.custom, kind) ? pool.capacity.custom[kind] : 0;
    if (typeof has === 'object') {
      const taken = pool.namesGranted.get(kind);
      const free = has.filter((name) => !taken?.has(name));
      if (units % WHOLE !== 0 || free.length < toShare(units)) return undefined;
      chosen[kind] = free.slice(0, toShare(units));
    } else {
      if (units > toUnits(has ?? 0) - (pool.customGranted.get(kind) ?? 0)) return undefined;
      chosen[kind] = toShare(units);
    }
  }
  return chosen;
}

/** Takes what a grant says, whatever there is. */
export const occupy = (pool: Pool, grant: Grant): void => change(pool, grant, 1);

/** Gives back what was taken for an equal grant. */
export const release = (pool: Pool, grant: Grant): void => change(pool, grant, -1);

function change(pool: Pool, { cpus, gpus, memoryBytes, custom }: Grant, sign: 1 | -1): void {
  for (const [id, share] of cpus) add(pool.cpus.granted, pool.cpuAt.get(id), sign * toUnits(share));
  for (const [gpu, share] of gpus) add(pool.gpus.granted, gpu, sign * toUnits(share));
  pool.grantedBytes += sign * memoryBytes;
  for (const [kind, given] of Object.entries(custom)) {
    if (typeof given === 'object') changeNames(pool, kind, given, sign);
    else pool.customGranted.set(kind, (pool.customGranted.get(kind) ?? 0) + sign * toUnits(given));
  }
}

/** A manager may name a CPU that it has lost since. */
function add(units: number[], at: number | undefined, by: number): void {
  if (at !== undefined && units[at] !== undefined) units[at] += by;
}

function changeNames(pool: Pool, kind: string, given: readonly string[], sign: 1 | -1): void {
  const names = pool.namesGranted.get(kind) ?? new Set();
  pool.namesGranted.set(kind, names);
  for (const name of given) {
    if (sign > 0) names.add(name);
    else names.delete(name);
  }
}

// --- slots

/** Its claim is taken, whatever there is. @returns false if it was leased, or if there is no such slot. */
export function claimSlot(pool: Pool, slot: number): boolean {
  if (pool.leased[slot] !== false) return false;
  pool.leased[slot] = true;
  changeClaim(pool, slot, 1);
  return true;
}

/** @returns false if it was not leased. */
export function unclaimSlot(pool: Pool, slot: number): boolean {
  if (pool.leased[slot] !== true) return false;
  pool.leased[slot] = false;
  changeClaim(pool, slot, -1);
  return true;
}

function changeClaim(pool: Pool, slot: number, sign: 1 | -1): void {
  const { cpus, gpu, memoryBytes } = pool.capacity.slots[slot] as SlotClaim;
  for (const [id, share] of cpus) add(pool.cpus.slots, pool.cpuAt.get(id), sign * toUnits(share));
  if (gpu >= 0) add(pool.gpus.slots, gpu, sign * WHOLE);
  pool.slotBytes += sign * memoryBytes;
}

/** Whether the slot, which is not leased, can be beside what is granted. Slots may crowd each other, as the config has it. */
export function canClaimSlot(pool: Pool, slot: number): boolean {
  const claim = pool.capacity.slots[slot];
  if (claim === undefined || pool.leased[slot] !== false) return false;
  const { cpus, gpu, memoryBytes } = claim;
  if (memoryBytes > 0 && pool.grantedBytes > 0 && memoryBytes > pool.capacity.memoryBytes - pool.grantedBytes - pool.slotBytes)
    return false;
  if (gpu >= 0 && !hasRoomBeside(pool.gpus, gpu, WHOLE)) return false;
  return cpus.every(([id, share]) => hasRoomBeside(pool.cpus, pool.cpuAt.get(id), toUnits(share)));
}

function hasRoomBeside({ granted, slots }: Devices, at: number | undefined, units: number): boolean {
  if (at === undefined || (granted[at] ?? 0) === 0) return true;
  return (granted[at] as number) + (slots[at] as number) + units <= WHOLE;
}
