/**
 * Where tasks with requests wait only because slots are leased: how many of them are asked back, and from whom. Made anew whenever
 * something changes; what is no longer needed is left to the slots.
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import { allocate, claimSlot, clonePool, createPool, type Pool, unclaimSlot } from '../resources/pool.ts';
import { freeSlots } from './candidates.ts';
import type { Effect } from './core-events.ts';
import { type Core, type Manager, timeLeft } from './core-state.ts';
import { fullBlocks } from './gang-limit.ts';
import { findBlock } from './gang-placement.ts';
import { reclaimSlots } from './leases.ts';
import { canHave, managersFor } from './node-kinds.ts';
import { isAged, mayUse, reservedFor } from './reservations.ts';
import { hasTime, type Lane } from './task-queue.ts';

/** Of one lane, so many tasks are planned for at once. */
const MOST_TASKS = 256;
/** Looking at more managers for them costs more than it gives. */
const MOST_MANAGERS = 64;

/** What a manager's node would be if the plan were carried out. */
interface Draft {
  readonly pool: Pool;
  /** Slots that are given up in it. */
  slots: number;
}

class Plan {
  readonly #drafts = new Map<Manager, Draft>();

  /** @param isEmptied its tasks with grants are taken for ended: it is kept free until they have. */
  draftOf(manager: Manager, isEmptied: boolean): Draft | undefined {
    if (manager.pool === undefined) return undefined;
    const draft = this.#drafts.get(manager) ?? { pool: isEmptied ? emptied(manager.pool) : clonePool(manager.pool), slots: 0 };
    this.#drafts.set(manager, draft);
    return draft;
  }

  slotsOf(manager: Manager): number {
    return this.#drafts.get(manager)?.slots ?? 0;
  }

  get managers(): Iterable<Manager> {
    return this.#drafts.keys();
  }
}

function emptied({ capacity, leased }: Pool): Pool {
  const pool = createPool(capacity);
  leased.forEach((isLeased, slot) => isLeased && claimSlot(pool, slot));
  return pool;
}

/** @param lanes in order. */
export function planReclaims(core: Core, lanes: readonly Lane[], effects: Effect[]): void {
  const { demand } = core;
  const plan = new Plan();
  demand.wanted.clear();
  for (const lane of lanes) if (isDueBefore(core, lane)) planLane(core, lane, plan);
  for (const manager of plan.managers) if (plan.slotsOf(manager) > 0) reclaimSlots(core, manager, plan.slotsOf(manager), effects);
  for (const manager of demand.reclaiming) reclaimSlots(core, manager, plan.slotsOf(manager), effects);
}

/** Tasks of larger priority that ask for nothing keep their slots, but for who has waited long enough. */
function isDueBefore(core: Core, lane: Lane): boolean {
  const [first] = core.queue.lanes;
  return first === undefined || first.priority <= lane.priority || isAged(core, lane);
}

function planLane(core: Core, lane: Lane, plan: Plan): void {
  let missing = Math.min(lane.count, MOST_TASKS);
  for (const variant of core.requests.get(lane.requestId)?.variants ?? []) {
    if (missing === 0) return;
    if (variant.nodes !== undefined) missing = planGangs(core, lane, variant, plan, missing);
    else missing = planSingles(core, lane, variant, plan, missing);
  }
}

/** @returns how many tasks are still without a place. */
function planSingles(core: Core, lane: Lane, variant: RequestVariant, plan: Plan, missing: number): number {
  let left = missing;
  let looked = 0;
  for (const manager of promising(core, lane, variant)) {
    if (left === 0 || looked++ === MOST_MANAGERS) break;
    if (!mayUse(core, manager, lane) || !hasTime(lane, timeLeft(core, manager))) continue;
    const draft = plan.draftOf(manager, core.demand.reserved.get(manager) === lane);
    if (draft === undefined) continue;
    const before = left;
    while (left > 0 && fitBySlots(draft, variant)) left--;
    if (left < before) core.demand.wanted.add(manager);
  }
  return left;
}

/** Where slots are on their way back, where slots are idle, all others. */
function* promising(core: Core, lane: Lane, variant: RequestVariant): Generator<Manager> {
  const { demand, open } = core;
  const seen = new Set<Manager>();
  const first = [...reservedFor(core, lane), ...demand.reclaiming];
  for (const manager of first) {
    if (seen.has(manager) || !canHave(manager.kind, variant)) continue;
    seen.add(manager);
    yield manager;
  }
  for (const manager of open) {
    if (seen.has(manager) || freeSlots(manager) <= 0 || !canHave(manager.kind, variant)) continue;
    seen.add(manager);
    yield manager;
  }
  for (const manager of managersFor(core, variant)) if (!seen.has(manager)) yield manager;
}

/** Gives up as many slots as it takes. @returns false if all of them would not be enough; then none are. */
function fitBySlots(draft: Draft, variant: RequestVariant): boolean {
  const { pool } = draft;
  const given: number[] = [];
  for (let slot = 0; slot <= pool.leased.length; slot++) {
    if (allocate(pool, variant, 0)) {
      draft.slots += given.length;
      return true;
    }
    const next = pool.leased.indexOf(true);
    if (next < 0) break;
    unclaimSlot(pool, next);
    given.push(next);
  }
  for (const slot of given) claimSlot(pool, slot);
  return false;
}

/** @returns how many tasks are still without a place. */
function planGangs(core: Core, lane: Lane, variant: RequestVariant, plan: Plan, missing: number): number {
  let left = missing;
  while (left > 0 && planGang(core, lane, variant, plan)) left--;
  return left;
}

/** @returns whether there is a block for a task of it as soon as slots have been given up. */
function planGang(core: Core, lane: Lane, variant: RequestVariant, plan: Plan): boolean {
  const reserved = reservedFor(core, lane).filter((manager) => !core.demand.wanted.has(manager));
  const count = variant.nodes?.count ?? 1;
  const full = fullBlocks(core);
  const isWanted = (manager: Manager): boolean =>
    mayUse(core, manager, lane) && manager.grants.size === 0 && !core.demand.wanted.has(manager) && !full.has(manager.blockId);
  const members = reserved.length >= count ? reserved : findBlock(core, lane, variant, isWanted);
  for (const manager of members ?? []) {
    const draft = plan.draftOf(manager, true);
    if (draft === undefined) continue;
    core.demand.wanted.add(manager);
    while (unclaimSlot(draft.pool, draft.pool.leased.indexOf(true))) draft.slots++;
    allocateAll(draft.pool);
  }
  return members !== undefined;
}

/** Nobody behind it counts on these nodes. */
function allocateAll(pool: Pool): void {
  pool.cpus.granted.fill(Number.MAX_SAFE_INTEGER / 2);
}
