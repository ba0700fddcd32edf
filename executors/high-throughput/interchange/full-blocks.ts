/** How many tasks on whole nodes a block may have at once, where the config says so. */
import type { Core } from './core-state.ts';

/** Those that have as many tasks on whole nodes as they may have at once. */
export function fullBlocks({ gangs, managers, options }: Core): ReadonlySet<string> {
  const { maxGangsPerBlock } = options;
  if (maxGangsPerBlock === undefined) return new Set();
  const perBlock = new Map<string, number>();
  for (const { leader } of gangs.values()) {
    if (leader === undefined) continue;
    const block = managers.get(leader)?.blockId ?? '';
    perBlock.set(block, (perBlock.get(block) ?? 0) + 1);
  }
  return new Set([...perBlock].flatMap(([block, count]) => (count >= maxGangsPerBlock ? [block] : [])));
}
