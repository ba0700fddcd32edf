/**
 * Which part of a request a node does not have, now or ever. Owns the words; pure.
 */
import { formatSize } from '../../../lib/size.ts';
import type { RequestVariant } from '../../../lib/resources/request.ts';
import type { NodeCapacity } from './capacity.ts';
import { roomAt } from './devices.ts';
import type { Pool } from './pool.ts';
import { toShare, toUnits, WHOLE } from './shares.ts';

export interface Shortage {
  /** 'cores', 'gpus', 'memory', 'nodes', or the name of a custom kind. */
  readonly part: string;
  readonly wanted: number;
  readonly there: number;
}

/** How much there is of everything: of whole devices, and of the one with most room. */
export interface Room {
  readonly cores: number;
  readonly largestCore: number;
  readonly gpus: number;
  readonly largestGpu: number;
  readonly memoryBytes: number;
  readonly custom: (kind: string) => number;
}

/** Of the node when nothing is given out. */
export function wholeRoom({ cpus, gpus, memoryBytes, custom }: NodeCapacity): Room {
  const cores = cpus.flat().length;
  const amountOf = (kind: string): number => {
    const has = Object.hasOwn(custom, kind) ? custom[kind] : 0;
    return typeof has === 'object' ? has.length : (has ?? 0);
  };
  return { cores, largestCore: Math.min(1, cores), gpus: gpus.length, largestGpu: Math.min(1, gpus.length), memoryBytes, custom: amountOf };
}

/** Of what is neither granted nor claimed by a leased slot. */
function presentRoom(pool: Pool): Room {
  const whole = wholeRoom(pool.capacity);
  const roomOf = (devices: Pool['cpus']): number[] => devices.granted.map((_, at) => roomAt(devices, at));
  const cores = roomOf(pool.cpus);
  const gpus = roomOf(pool.gpus);
  const countWhole = (rooms: readonly number[]): number => rooms.filter((room) => room === WHOLE).length;
  const largest = (rooms: readonly number[]): number => toShare(Math.max(0, ...rooms));
  return {
    cores: countWhole(cores),
    largestCore: largest(cores),
    gpus: countWhole(gpus),
    largestGpu: largest(gpus),
    memoryBytes: Math.max(0, pool.capacity.memoryBytes - pool.grantedBytes - pool.slotBytes),
    custom: (kind) => whole.custom(kind) - (pool.namesGranted.get(kind)?.size ?? 0) - toShare(pool.customGranted.get(kind) ?? 0),
  };
}

/** What it needs of each node, ranks included. */
function needsPerNode(variant: RequestVariant): RequestVariant {
  const { nodes } = variant;
  if (nodes === undefined) return variant;
  const ranks = nodes.ranksPerNode ?? 1;
  return {
    ...variant,
    cores: Math.max(variant.cores, ranks * nodes.threadsPerRank),
    gpus: Math.max(variant.gpus, ranks * nodes.gpusPerRank),
  };
}

/** Nothing: it fits. */
export function shortagesOf(variant: RequestVariant, room: Room): Shortage[] {
  const { cores, gpus, memoryBytes, custom } = needsPerNode(variant);
  const found: Shortage[] = [];
  const need = (part: string, wanted: number, there: number): void => {
    if (toUnits(wanted) > toUnits(there)) found.push({ part, wanted, there });
  };
  need('cores', cores, cores < 1 ? room.largestCore : room.cores);
  need('gpus', gpus, gpus < 1 ? room.largestGpu : room.gpus);
  need('memory', memoryBytes, room.memoryBytes);
  for (const [kind, amount] of Object.entries(custom)) need(kind, amount, room.custom(kind));
  return found;
}

/** Whether the node could ever run it, or be one of those that do. */
export function couldFit(capacity: NodeCapacity, variant: RequestVariant): boolean {
  return shortagesOf(variant, wholeRoom(capacity)).length === 0 && areNamedWhole(capacity, variant);
}

/** Units with names cannot be divided. */
const areNamedWhole = ({ custom }: NodeCapacity, variant: RequestVariant): boolean =>
  Object.entries(variant.custom).every(([kind, amount]) => typeof custom[kind] !== 'object' || Number.isInteger(amount));

/** What of a part of a node there is too little of at present. */
export const presentShortages = (pool: Pool, variant: RequestVariant): Shortage[] => shortagesOf(variant, presentRoom(pool));

/** "gpus: 2 wanted, 1 there". */
export function describeShortage({ part, wanted, there }: Shortage): string {
  const show = part === 'memory' ? formatSize : (value: number) => String(Number(value.toFixed(4)));
  return `${part}: ${show(wanted)} wanted, ${show(there)} there`;
}
