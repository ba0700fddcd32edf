/**
 * Taking over from an interchange that died.
 *
 * The driver names the managers there were and sends every outstanding task again; managers register with the tries that they
 * hold. Until both are complete, or the managers' grace is over, nothing is placed. Then tasks that some manager has, or whose
 * outcome was reported meanwhile, are taken out of the queue; the rest is nowhere, and is placed.
 * If a manager did not come in time, it may have any of the rest: those go back to the driver as unstarted, for another try
 * number. So one try never goes to two managers, and what the late one still does is told apart.
 */
import { ResultStatus } from '../../../lib/wire/records.ts';
import { sendCancel } from './cancellation.ts';
import type { CoreEvent, Effect, Try } from './core-events.ts';
import { type Core, dropInFlight, UNKNOWN_FUNCTION } from './core-state.ts';
import { reportHere } from './own-results.ts';
import { removeRecords } from './task-queue.ts';
import { taskIdOf, tryKey, tryNumberOf } from './try-key.ts';

type Recover = Extract<CoreEvent, { readonly kind: 'recover' }>;

export function startRecovery(core: Core, { managers, tasks, at, graceMs, keepHeld = false }: Recover): void {
  const expected = new Set(managers.filter((id) => !core.managers.has(id)));
  core.recovery = { deadlineMs: at + graceMs, expected, gone: [], keepHeld, awaited: tasks, claimed: new Map(), settled: new Set() };
}

/** A manager says that it has the try. False if that is not to be believed: nobody expects it, or somebody else has it. */
export function claimTry(core: Core, managerId: string, key: number): boolean {
  const { recovery } = core;
  if (recovery === undefined || recovery.settled.has(key) || recovery.claimed.has(key)) return false;
  recovery.claimed.set(key, managerId);
  return true;
}

export const managerCame = (core: Core, id: string): void => void core.recovery?.expected.delete(id);

/** Their block has ended. They may have had tries all the same, as one that does not come in time. */
export function awaitNoMore(core: Core, managers: readonly string[]): void {
  for (const id of managers) if (core.recovery?.expected.delete(id)) core.recovery.gone.push(id);
}

/** These tries were reported to the driver. */
export function settleAll(core: Core, tries: readonly Try[]): void {
  for (const [taskId, tryNumber] of tries) core.recovery?.settled.add(tryKey(taskId, tryNumber));
}

/** `at`: the time if it is to count, else undefined. */
export function endRecoveryIfComplete(core: Core, at: number | undefined, effects: Effect[]): void {
  const { recovery } = core;
  if (recovery === undefined || recovery.awaited > 0) return;
  if (recovery.expected.size > 0 && (at === undefined || at < recovery.deadlineMs)) return;
  const { claimed, settled, keepHeld, gone } = recovery;
  core.recovery = undefined;
  const superfluous = removeRecords(core.queue, (key) => settled.has(key) || claimed.has(key));
  for (const { taskId, tryNumber } of superfluous) claimed.delete(tryKey(taskId, tryNumber));
  const held = keepHeld ? stillHeld(core, claimed) : [];
  if (!keepHeld) cancelUnasked(core, claimed, effects);
  const missing = [...gone, ...recovery.expected];
  if (missing.length > 0)
    reportHere(
      core,
      removeRecords(core.queue, () => true),
      ResultStatus.Unstarted,
      effects,
    );
  effects.push({ kind: 'emit', report: { kind: 'recovered', managers: core.managers.size, missing, requeued: core.queue.length, held } });
}

/** A driver that was started anew does not know yet which of these its script will ask for. */
function stillHeld(core: Core, claimed: ReadonlyMap<number, string>): number[] {
  const held: number[] = [];
  for (const [key, id] of claimed) {
    const taskId = taskIdOf(key);
    if (core.managers.get(id)?.inFlight.has(taskId)) held.push(taskId, tryNumberOf(key));
  }
  return held;
}

/** Managers hold tries that the driver does not wait for any more. */
function cancelUnasked(core: Core, claimed: ReadonlyMap<number, string>, effects: Effect[]): void {
  const perManager = Map.groupBy(claimed.keys(), (key) => claimed.get(key) as string);
  for (const [id, keys] of perManager) {
    const manager = core.managers.get(id);
    if (manager === undefined) continue;
    const unasked = keys.filter((key) => manager.inFlight.has(taskIdOf(key)));
    for (const key of unasked)
      dropInFlight(core, manager, taskIdOf(key), manager.inFlight.get(taskIdOf(key)) ?? UNKNOWN_FUNCTION * 0x10000);
    sendCancel(manager, unasked, effects);
  }
}
