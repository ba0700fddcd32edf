/**
 * Cancelling tries: those at a manager are cancelled there, those that wait are taken out of the queue.
 *
 * All requests of a turn are served in one pass, so that ten thousand at once cost one scan. Unknown tries are left alone:
 * their result is on its way.
 */
import { ResultStatus } from '../../../lib/wire/records.ts';
import type { Effect } from './core-events.ts';
import { type Core, countFrame, type Manager, tryNumberIn } from './core-state.ts';
import { reportHere } from './own-results.ts';
import { removeRecords } from './task-queue.ts';
import { taskIdOf, tryKey, tryNumberOf } from './try-key.ts';

export function requestCancel(core: Core, pairs: Buffer): void {
  for (let at = 0; at + 8 <= pairs.length; at += 8) core.cancelRequests.add(tryKey(pairs.readUInt32LE(at), pairs.readUInt32LE(at + 4)));
}

export function serveCancelRequests(core: Core, effects: Effect[]): void {
  const wanted = core.cancelRequests;
  if (wanted.size === 0) return;
  for (const manager of core.managers.values()) {
    const found = findInFlight(manager, wanted);
    if (found.length === 0) continue;
    for (const key of found) {
      wanted.delete(key);
      manager.cancelling.set(taskIdOf(key), tryNumberOf(key));
    }
    sendCancel(manager, found, effects);
  }
  if (wanted.size > 0)
    reportHere(
      core,
      removeRecords(core.queue, (key) => wanted.has(key)),
      ResultStatus.Cancelled,
      effects,
    );
  wanted.clear();
}

/** Looks up whichever are fewer: the wanted tries, or those in flight there. */
function findInFlight(manager: Manager, wanted: ReadonlySet<number>): number[] {
  const found: number[] = [];
  if (manager.inFlight.size < wanted.size) {
    for (const [taskId, packed] of manager.inFlight) {
      const key = tryKey(taskId, tryNumberIn(packed));
      if (wanted.has(key)) found.push(key);
    }
    return found;
  }
  for (const key of wanted) {
    const packed = manager.inFlight.get(taskIdOf(key));
    if (packed !== undefined && tryNumberIn(packed) === tryNumberOf(key)) found.push(key);
  }
  return found;
}

export function sendCancel(manager: Manager, keys: readonly number[], effects: Effect[]): void {
  if (keys.length > 0) sendPairs('sendCancel', manager, keys, effects);
}

/** Of what another manager ran there, too: it is to be killed, and that to be said. */
export const sendClear = (manager: Manager, key: number, effects: Effect[]): void => sendPairs('sendClear', manager, [key], effects);

function sendPairs(kind: 'sendCancel' | 'sendClear', manager: Manager, keys: readonly number[], effects: Effect[]): void {
  const pairs = Buffer.allocUnsafe(keys.length * 8);
  keys.forEach((key, i) => {
    pairs.writeUInt32LE(taskIdOf(key), i * 8);
    pairs.writeUInt32LE(tryNumberOf(key), i * 8 + 4);
  });
  effects.push({ kind, manager: manager.id, number: countFrame(manager), acknowledged: manager.acknowledged, pairs });
}
