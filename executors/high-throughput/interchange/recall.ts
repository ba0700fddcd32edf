/**
 * Asks managers that have more tasks than slots to give some back, when nothing waits here and others have slots free: tasks were sent ahead
 * because they were expected to be short, and are not. What a manager gives back comes as Unstarted results; the driver sends it again.
 *
 * Nothing waits for an answer. Each manager is asked once at a time, for no more than others can start at once, and more and more rarely
 * while nothing comes back; so there is no storm, and none asked for what it was just given.
 */
import { freeSlots } from './candidates.ts';
import type { Effect } from './core-events.ts';
import { type Core, countFrame, type Manager, timeLeft } from './core-state.ts';
import { isResting } from './quarantine.ts';

/** What is sent ahead should have been started by then. */
const PATIENCE_MS = 10;
const LONGEST_MS = 1000;

/** A manager that has had more tasks than slots since it was last sent anything. */
interface Loaded {
  /** Frames sent there until then. */
  sent: number;
  excess: number;
  /** When it may be asked (again). */
  dueMs: number;
  waitMs: number;
}

export interface Recalls {
  readonly loaded: Map<Manager, Loaded>;
  /** Looking at all managers has its price. */
  nextLookMs: number;
}

/** At the end of a turn, when all is placed. */
export function recallUnstarted(core: Core, effects: Effect[]): void {
  const { recalls, options, nowMs } = core;
  if (core.queue.plain > 0 || core.recovery !== undefined || core.closing !== undefined || options.prefetchCapacity === 0) return;
  if (nowMs < recalls.nextLookMs) return void effects.push({ kind: 'lookAgain', inMs: recalls.nextLookMs - nowMs });
  recalls.nextLookMs = nowMs + PATIENCE_MS;
  let room = countRoom(core);
  if (room === 0) return recalls.loaded.clear();
  forgetGone(core);
  let nextMs = Number.POSITIVE_INFINITY;
  for (const manager of core.managers.values()) {
    const loaded = noteLoad(core, manager);
    if (loaded === undefined) continue;
    if (loaded.dueMs <= nowMs && room > 0) room -= ask(manager, loaded, Math.min(loaded.excess, room), nowMs, effects);
    nextMs = Math.min(nextMs, Math.max(loaded.dueMs, recalls.nextLookMs));
  }
  // When all stand still, no turn comes by itself.
  if (nextMs < Number.POSITIVE_INFINITY) effects.push({ kind: 'lookAgain', inMs: nextMs - nowMs });
}

function countRoom(core: Core): number {
  let room = 0;
  if (core.isPaused) return room;
  for (const manager of core.open) {
    if (manager.state === 'active' && manager.reachable && !isResting(manager) && timeLeft(core, manager) > 0)
      room += Math.max(0, freeSlots(manager));
  }
  return room;
}

function forgetGone({ recalls, managers }: Core): void {
  for (const manager of recalls.loaded.keys()) if (managers.get(manager.id) !== manager) recalls.loaded.delete(manager);
}

/** @returns undefined if it has no more tasks than slots, or cannot be asked. */
function noteLoad({ recalls, nowMs }: Core, manager: Manager): Loaded | undefined {
  const excess = -freeSlots(manager);
  if (excess <= 0 || !manager.reachable) {
    recalls.loaded.delete(manager);
    return undefined;
  }
  const known = recalls.loaded.get(manager);
  if (known?.sent === manager.sent) {
    // It gets on, or gives back: it is worth asking.
    if (excess < known.excess) known.waitMs = PATIENCE_MS;
    known.excess = excess;
    return known;
  }
  const loaded: Loaded = { sent: manager.sent, excess, dueMs: nowMs + PATIENCE_MS, waitMs: PATIENCE_MS };
  recalls.loaded.set(manager, loaded);
  return loaded;
}

function ask(manager: Manager, loaded: Loaded, count: number, nowMs: number, effects: Effect[]): number {
  effects.push({ kind: 'sendRecall', manager: manager.id, number: countFrame(manager), acknowledged: manager.acknowledged, count });
  loaded.sent = manager.sent;
  loaded.waitMs = Math.min(loaded.waitMs * 2, LONGEST_MS);
  loaded.dueMs = nowMs + loaded.waitMs;
  return count;
}
