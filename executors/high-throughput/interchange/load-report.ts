/**
 * How much is in flight at each block, told to the driver: an idle one may be given back. At ticks, and only if it has changed;
 * that something moves is not worth a message per task.
 */
import type { Effect } from './core-events.ts';
import type { Core } from './core-state.ts';

export function reportLoad(core: Core, effects: Effect[]): void {
  const perBlock: Record<string, number> = {};
  for (const { blockId, inFlight } of core.managers.values()) perBlock[blockId] = (perBlock[blockId] ?? 0) + inFlight.size;
  if (isSame(core.reportedLoad, perBlock)) return;
  core.reportedLoad = perBlock;
  effects.push({ kind: 'emit', report: { kind: 'load', perBlock } });
}

function isSame(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
