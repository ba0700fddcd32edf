/**
 * How many blocks the work at hand asks for. Pure arithmetic.
 */
import type { BlockLoad, Scaler } from './scaler-types.ts';

/** @returns a number from minBlocks to maxBlocks. */
export function wantedBlocks(scaler: Scaler, { outstanding, slotsWorth = outstanding, timeless = 0 }: BlockLoad): number {
  const { limits, strategy } = scaler.options;
  const { initBlocks, minBlocks, maxBlocks } = limits;
  if (outstanding === 0) return minBlocks;
  if (strategy === 'none') return Math.max(initBlocks, minBlocks);
  // Blocks that serve have no time for these: they need others, some of which may be on their way.
  const forTimeless = timeless === 0 ? 0 : countServing(scaler) + blocksFor(scaler, timeless);
  return Math.min(Math.max(blocksFor(scaler, slotsWorth), forTimeless, minBlocks, 1), maxBlocks);
}

/** At least one, whatever parallelism says. */
export const blocksFor = (scaler: Scaler, tasks: number): number =>
  Math.max(1, Math.ceil((tasks * scaler.options.limits.parallelism) / slotsPerBlock(scaler)));

const countServing = ({ blocks }: Scaler): number => [...blocks.values()].filter(({ phase }) => phase.kind === 'serving').length;

function slotsPerBlock({ slotsPerManager, options }: Scaler): number {
  return Math.max(1, slotsPerManager * options.limits.nodesPerBlock);
}

/** Learns from the managers that are there; keeps what it knew when there are none. */
export function learnSlots(scaler: Scaler): void {
  let managers = 0;
  let slots = 0;
  for (const block of scaler.blocks.values()) {
    managers += block.managers;
    slots += block.slots;
  }
  if (managers > 0) scaler.slotsPerManager = slots / managers;
}
