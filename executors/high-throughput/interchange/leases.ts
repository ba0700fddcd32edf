/**
 * Which slots serve tasks that ask for nothing: asked back where a task with a request needs what they claim, leased again when tasks
 * wait for slots. Owns what is told to managers; who needs how much is decided in plan.ts.
 */
import { canClaimSlot, claimSlot, unclaimSlot } from '../resources/pool.ts';
import type { Effect } from './core-events.ts';
import { type Core, countFrame, type Manager } from './core-state.ts';
import { stir } from './demand.ts';

/** The manager says, in that result frame, that it has released the slot. */
export function slotReleased(core: Core, manager: Manager, slot: number, sequence: number, effects: Effect[]): void {
  const { pool } = manager;
  if (pool === undefined || ((sequence - manager.releasesFrom) | 0) < 0 || !unclaimSlot(pool, slot)) return;
  manager.leased--;
  manager.reclaiming = Math.max(0, manager.reclaiming - 1);
  if (manager.reclaiming === 0) core.demand.reclaiming.delete(manager);
  core.demand.released.add(manager);
  stir(core.demand, manager);
  takeBackUnserved(manager, effects);
}

/** Tasks that were on their way when the last slot was released, or that it holds without any when it registers, would wait there for nothing. */
export function takeBackUnserved(manager: Manager, effects: Effect[]): void {
  const count = manager.inFlight.size - manager.granted;
  if (manager.leased > 0 || count === 0 || !manager.reachable) return;
  effects.push({ kind: 'sendRecall', manager: manager.id, number: countFrame(manager), acknowledged: manager.acknowledged, count });
}

/** So many slots are wanted back there, no more and no less. */
export function reclaimSlots(core: Core, manager: Manager, wanted: number, effects: Effect[]): void {
  const count = Math.min(wanted, manager.leased);
  if (count === manager.reclaiming) return;
  if (count < manager.reclaiming && manager.state === 'active') core.open.add(manager);
  manager.reclaiming = count;
  if (count === 0) core.demand.reclaiming.delete(manager);
  else core.demand.reclaiming.add(manager);
  sendLease(manager, [], effects);
}

/** Slots that nothing else needs, as many as fit and are wanted. @returns how many. */
export function leaseSlots(core: Core, manager: Manager, wanted: number, effects: Effect[]): number {
  const { pool } = manager;
  if (pool === undefined) return 0;
  const added: number[] = [];
  for (let slot = 0; slot < pool.leased.length && added.length < wanted; slot++) {
    if (canClaimSlot(pool, slot) && claimSlot(pool, slot)) added.push(slot);
  }
  if (added.length === 0) return 0;
  manager.leased += added.length;
  if (manager.leased === pool.leased.length) core.demand.released.delete(manager);
  core.open.add(manager);
  sendLease(manager, added, effects);
  return added.length;
}

function sendLease(manager: Manager, add: readonly number[], effects: Effect[]): void {
  const lease = { add, reclaim: manager.reclaiming };
  effects.push({ kind: 'sendLease', manager: manager.id, number: countFrame(manager), acknowledged: manager.acknowledged, lease });
}
