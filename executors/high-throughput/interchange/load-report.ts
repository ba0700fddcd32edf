/**
 * How much is in flight at each block, told to the driver: an idle one may be given back. And how much waits that no manager has
 * time enough for: it needs another block. At ticks, and only if it has changed; that something moves is not worth a message per task.
 */
import type { Effect } from './core-events.ts';
import { type Core, type ReportedLoad, timeLeft } from './core-state.ts';
import { hasTime } from './task-queue.ts';
import { describeWaiting } from './waiting-report.ts';

export function reportLoad(core: Core, effects: Effect[]): void {
  // No prototype: a manager may name its block as it likes.
  const perBlock: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const { blockId, inFlight } of core.managers.values()) perBlock[blockId] = (perBlock[blockId] ?? 0) + inFlight.size;
  const waiting = describeWaiting(core);
  const load = { perBlock, timeless: countTimeless(core), registrations: core.nextIndex, waiting: JSON.stringify(waiting) };
  if (isSame(core.reportedLoad, load)) return;
  core.reportedLoad = load;
  effects.push({ kind: 'emit', report: { kind: 'load', perBlock, timeless: load.timeless, waiting } });
}

/** Tasks that wait for a slot are not among them, but where no manager takes any more, all are. */
function countTimeless(core: Core): number {
  if (core.queue.length === 0) return 0;
  let longest = Number.NEGATIVE_INFINITY;
  for (const manager of core.managers.values()) if (manager.state === 'active') longest = Math.max(longest, timeLeft(core, manager));
  if (longest === Number.NEGATIVE_INFINITY) return core.queue.length;
  let timeless = 0;
  for (const lane of [...core.queue.lanes, ...core.queue.asking]) if (!hasTime(lane, longest)) timeless += lane.count;
  return timeless;
}

function isSame(a: ReportedLoad, b: ReportedLoad): boolean {
  const keys = Object.keys(a.perBlock);
  return (
    a.timeless === b.timeless &&
    a.registrations === b.registrations &&
    a.waiting === b.waiting &&
    keys.length === Object.keys(b.perBlock).length &&
    keys.every((key) => a.perBlock[key] === b.perBlock[key])
  );
}
