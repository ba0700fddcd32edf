/** Forgetting managers; sending away those that drain, once they have nothing left to do. */
import { forgetOldest } from '../../../lib/forget-oldest.ts';
import type { Effect } from './core-events.ts';
import type { Core, Manager } from './core-state.ts';
import { reconsider } from './demand.ts';
import { leaveKind } from './node-kinds.ts';

/** More managers than there ever are at once. Who was sent away before all these does not come back. */
const MOST_DISMISSED = 20_000;

/** It may not come back. */
export function dismiss({ dismissed }: Core, { id }: Manager): void {
  dismissed.add(id);
  forgetOldest(dismissed, MOST_DISMISSED);
}

export function forget(core: Core, manager: Manager): void {
  const { demand } = core;
  core.managers.delete(manager.id);
  core.open.delete(manager);
  leaveKind(core, manager);
  for (const managers of [demand.stirred, demand.wanted, demand.reclaiming, demand.released, demand.reserved]) managers.delete(manager);
  reconsider(demand);
}

/** A draining manager with nothing in flight, and no part in a task of another, may go. */
export function dismissIfIdle(core: Core, manager: Manager, effects: Effect[]): boolean {
  if (manager.state !== 'draining' || manager.inFlight.size > 0 || manager.grants.size > 0) return false;
  dismiss(core, manager);
  effects.push({ kind: 'sendShutdown', manager: manager.id, reason: 'drained' });
  forget(core, manager);
  emitLeft(manager, effects);
  return true;
}

export function emitLeft({ id, index, host, blockId }: Manager, effects: Effect[]): void {
  effects.push({ kind: 'emit', report: { kind: 'managerLeft', managerId: id, index, host, blockId } });
}
