/**
 * How many blocks the work at hand asks for. Pure arithmetic.
 */
import type { Scaler } from './scaler-types.ts';

/** @returns a number from minBlocks to maxBlocks. */
export function wantedBlocks(scaler: Scaler, outstanding: number): number {
  const { limits, strategy } = scaler.options;
  const { initBlocks, minBlocks, maxBlocks } = limits;
  if (outstanding === 0) return minBlocks;
  if (strategy === 'none') return Math.max(initBlocks, minBlocks);
  const forWork = Math.ceil((outstanding * limits.parallelism) / slotsPerBlock(scaler));
  return Math.min(Math.max(forWork, minBlocks, 1), maxBlocks);
}

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
