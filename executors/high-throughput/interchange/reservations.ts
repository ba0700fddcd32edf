/**
 * Managers kept free for who has waited longer than the aging limit and does not fit: nothing else is placed there until it does. So
 * nothing starves, however many smaller tasks fit beside it.
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import type { Effect } from './core-events.ts';
import { type Core, type Manager, timeLeft } from './core-state.ts';
import { reclaimSlots } from './leases.ts';
import { fullBlocks } from './gang-limit.ts';
import { managersFor } from './node-kinds.ts';
import { isResting } from './quarantine.ts';
import { hasTime, headOf, type Lane, nextLane } from './task-queue.ts';

const DEFAULT_AGING_MS = 10_000;

const agingMs = ({ options }: Core): number => options.agingMs ?? DEFAULT_AGING_MS;

export const isUsable = (manager: Manager): boolean => manager.state === 'active' && manager.reachable && !isResting(manager);

/** Whether tasks of the lane may be placed there. */
export function mayUse({ demand: { reserved } }: Core, manager: Manager, lane: Lane): boolean {
  const holder = reserved.get(manager);
  return isUsable(manager) && (holder === undefined || holder === lane);
}

export const isAged = (core: Core, lane: Lane): boolean => core.nowMs - headOf(lane).sinceMs > agingMs(core);

/** Of every lane only the first task: when it has been placed, the next one's own time counts. */
export function reserveForAged(core: Core, effects: Effect[]): void {
  const { queue, demand } = core;
  const aged = queue.asking.filter((lane) => isAged(core, lane));
  for (const [manager, holder] of demand.reserved) {
    const isOver =
      holder === 'plain' ? queue.plain === 0 || manager.leased > 0 : !aged.includes(holder) || !hasTime(holder, timeLeft(core, manager));
    if (isOver || !isUsable(manager)) free(core, manager);
  }
  // What is kept free already stays so; of what is not, they get theirs first: it is a slot, once in a while.
  if (isPlainStarving(core)) reserveForPlain(core, effects);
  aged.sort((a, b) => b.priority - a.priority || headOf(a).order - headOf(b).order);
  for (const lane of aged) reserveFor(core, lane);
}

/** Its first task has been placed. */
export function freeAllOf(core: Core, lane: Lane): Manager[] {
  const own = reservedFor(core, lane);
  for (const manager of own) free(core, manager);
  return own;
}

export const reservedFor = ({ demand: { reserved } }: Core, lane: Lane): Manager[] =>
  [...reserved].filter(([, holder]) => holder === lane).map(([manager]) => manager);

/** Others may use it again: it is tried with all of them. */
function free({ demand }: Core, manager: Manager): void {
  demand.reserved.delete(manager);
  demand.stirred.add(manager);
}

function reserveFor(core: Core, lane: Lane): void {
  const request = core.requests.get(lane.requestId);
  const mine = reservedFor(core, lane);
  for (const variant of request?.variants ?? []) {
    const count = variant.nodes?.count ?? 1;
    if (mine.length >= count) return;
    const chosen = leastBusy(core, lane, variant, count);
    if (chosen === undefined) continue;
    for (const manager of mine) free(core, manager);
    for (const manager of chosen) core.demand.reserved.set(manager, lane);
    return;
  }
}

/** Of the managers of one block, where that can be; those that are kept free for it already come first. */
function leastBusy(core: Core, lane: Lane, variant: RequestVariant, count: number): Manager[] | undefined {
  const full = variant.nodes ? fullBlocks(core) : undefined;
  const possible = [...managersFor(core, variant)].filter(
    (manager) => mayUse(core, manager, lane) && hasTime(lane, timeLeft(core, manager)) && !full?.has(manager.blockId),
  );
  const load = (manager: Manager): number => (core.demand.reserved.has(manager) ? -1 : manager.grants.size * 1000 + manager.inFlight.size);
  let best: Manager[] | undefined;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (const members of Map.groupBy(possible, ({ blockId }) => blockId).values()) {
    if (members.length < count) continue;
    const chosen = members.sort((a, b) => load(a) - load(b)).slice(0, count);
    const sum = chosen.reduce((total, manager) => total + load(manager), 0);
    if (sum >= bestLoad) continue;
    best = chosen;
    bestLoad = sum;
  }
  return best;
}

// --- tasks that ask for nothing

/** They wait, and none has been placed for as long as a request may wait. */
function isPlainStarving(core: Core): boolean {
  const { queue, demand } = core;
  if (queue.plain === 0 || demand.released.size === 0) return false;
  const since = Math.max(demand.plainPlacedMs, ...queue.lanes.slice(0, 1).map((lane) => headOf(lane).sinceMs));
  return core.nowMs - since > agingMs(core) && ![...demand.reserved.values()].includes('plain');
}

/** As soon as a slot fits there, it is leased. */
function reserveForPlain(core: Core, effects: Effect[]): void {
  const { demand, queue } = core;
  let best: Manager | undefined;
  for (const manager of core.managers.values()) {
    const isPossible =
      isUsable(manager) && (manager.pool?.leased.length ?? 0) > 0 && nextLane(queue, timeLeft(core, manager)) !== undefined;
    if (!isPossible || demand.reserved.has(manager)) continue;
    if (best === undefined || manager.granted < best.granted) best = manager;
  }
  if (best === undefined) return;
  demand.reserved.set(best, 'plain');
  reclaimSlots(core, best, 0, effects);
}
