/**
 * Placing tasks that ask for resources, at the end of a turn in which something changed for them.
 *
 * Larger priority first, then more nodes, then age; whatever fits is placed. Who has waited for too long has managers kept free
 * (reservations.ts); where slots stand in the way they are asked back (plan.ts).
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import { allocate } from '../resources/pool.ts';
import type { Effect } from './core-events.ts';
import { type Core, type Manager, timeLeft } from './core-state.ts';
import { stir } from './demand.ts';
import { placeGang } from './gang-placement.ts';
import { leaseSlots } from './leases.ts';
import { canHave, managersFor, nodeCount } from './node-kinds.ts';
import { Outgoing } from './outgoing.ts';
import { planReclaims } from './plan.ts';
import { freeAllOf, isUsable, mayUse, reserveForAged } from './reservations.ts';
import { headOf, type Lane, nextLane, hasTime } from './task-queue.ts';

const MOST_ROUNDS = 3;
const FEW_MANAGERS = 64;
const PLAN_EVERY_MS = 20;

export function placeRequests(core: Core, effects: Effect[]): void {
  const { demand } = core;
  if (core.recovery !== undefined || core.isPaused || core.closing !== undefined) return;
  // What a lane leaves free for others is tried with them, too.
  for (let round = 0; round < MOST_ROUNDS && demand.isDue; round++) {
    demand.isDue = false;
    if (!placeOnce(core, effects)) return leaveToNextTurn(core, effects);
  }
  planWhenDue(core, effects);
}

/** @returns false if there is more than one turn should do. */
function placeOnce(core: Core, effects: Effect[]): boolean {
  const { demand, queue } = core;
  if (queue.asking.length === 0 && demand.reserved.size === 0 && demand.reclaiming.size === 0) return endRound(core);
  reserveForAged(core, effects);
  const outgoing = new Outgoing(core);
  const freed = inOrder(core).flatMap((lane) => placeLane(core, lane, outgoing));
  outgoing.send(effects);
  demand.isPlanDue = true;
  if (!outgoing.isFull) endRound(core);
  for (const manager of freed) stir(demand, manager);
  return !outgoing.isFull;
}

/** What managers and driver say is heard in between. */
function leaveToNextTurn({ demand }: Core, effects: Effect[]): void {
  demand.isDue = true;
  effects.push({ kind: 'placeMore' });
}

/** With very many managers not at every turn: looking at them has its price. */
function planWhenDue(core: Core, effects: Effect[]): void {
  const { demand, managers, nowMs } = core;
  if (!demand.isPlanDue) return;
  if (nowMs < demand.nextPlanMs) return void effects.push({ kind: 'lookAgain', inMs: demand.nextPlanMs - nowMs });
  demand.isPlanDue = false;
  demand.nextPlanMs = managers.size > FEW_MANAGERS ? nowMs + PLAN_EVERY_MS : nowMs;
  planReclaims(core, inOrder(core), effects);
}

function endRound({ demand, queue }: Core): true {
  demand.isFresh = false;
  demand.stirred.clear();
  for (const lane of queue.asking) lane.isFresh = false;
  return true;
}

/** A copy: placing a lane's last task removes it. */
export function inOrder(core: Core): Lane[] {
  const nodes = new Map(core.queue.asking.map((lane) => [lane, sizeOf(core, lane)]));
  return core.queue.asking.toSorted(
    (a, b) => b.priority - a.priority || (nodes.get(b) as number) - (nodes.get(a) as number) || headOf(a).order - headOf(b).order,
  );
}

function sizeOf({ requests }: Core, { requestId }: Lane): number {
  const request = requests.get(requestId);
  return request === undefined ? 0 : nodeCount(request);
}

/** @returns managers that need not be kept free for it any more. */
function placeLane(core: Core, lane: Lane, outgoing: Outgoing): Manager[] {
  const request = core.requests.get(lane.requestId);
  const before = lane.count;
  for (const [index, variant] of (request?.variants ?? []).entries()) {
    if (variant.nodes === undefined) placeOnSingles(core, lane, { variant, index }, outgoing);
    else while (lane.count > 0 && !outgoing.isFull && placeGang(core, lane, { variant, index }, outgoing));
    if (lane.count === 0 || outgoing.isFull) break;
  }
  return lane.count < before ? freeAllOf(core, lane) : [];
}

export interface Choice {
  readonly variant: RequestVariant;
  readonly index: number;
}

function placeOnSingles(core: Core, lane: Lane, { variant, index }: Choice, outgoing: Outgoing): void {
  for (const manager of roomier(core, lane, variant)) {
    if (outgoing.isFull) return;
    if (!mayUse(core, manager, lane)) continue;
    while (hasTime(lane, timeLeft(core, manager))) {
      const grant = manager.pool && allocate(manager.pool, variant, index);
      if (grant === undefined) break;
      outgoing.add(manager, lane, grant);
      if (lane.count === 0 || outgoing.isFull) return;
    }
  }
}

/** Managers that may have room now and had none before. */
function* roomier(core: Core, lane: Lane, variant: RequestVariant): Generator<Manager> {
  const { demand } = core;
  if (demand.isFresh || lane.isFresh) return yield* managersFor(core, variant);
  for (const manager of demand.stirred) if (canHave(manager.kind, variant)) yield manager;
}

/** When all is placed that can be: tasks that ask for nothing and still wait get slots back that nobody needs for a request. @returns how many. */
export function leaseToWaiting(core: Core, effects: Effect[]): number {
  const { queue, demand } = core;
  if (queue.plain === 0 || demand.released.size === 0 || core.recovery !== undefined || core.isPaused || core.closing !== undefined)
    return 0;
  let wanted = queue.plain;
  for (const manager of demand.released) {
    if (wanted <= 0) break;
    if (isToSpare(core, manager)) wanted -= leaseSlots(core, manager, wanted, effects);
  }
  return queue.plain - wanted;
}

function isToSpare(core: Core, manager: Manager): boolean {
  const { demand, queue } = core;
  if (!isUsable(manager) || manager.reclaiming > 0) return false;
  const holder = demand.reserved.get(manager);
  if (holder !== 'plain' && (holder !== undefined || demand.wanted.has(manager))) return false;
  return nextLane(queue, timeLeft(core, manager)) !== undefined;
}
