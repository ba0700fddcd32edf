/**
 * Blocks that have as many tasks on whole nodes as the config lets them have at once: nothing is placed there, kept free or asked back for
 * another.
 */
import type { Core } from './core-state.ts';

export function fullBlocks({ gangs, managers, options }: Core): ReadonlySet<string> {
  const { maxGangsPerBlock } = options;
  if (maxGangsPerBlock === undefined) return new Set();
  const perBlock = new Map<string, number>();
  for (const { leader } of gangs.values()) {
    const block = managers.get(leader)?.blockId ?? '';
    perBlock.set(block, (perBlock.get(block) ?? 0) + 1);
  }
  return new Set([...perBlock].flatMap(([block, count]) => (count >= maxGangsPerBlock ? [block] : [])));
}
