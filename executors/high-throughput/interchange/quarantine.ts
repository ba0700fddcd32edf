/**
 * Black holes: managers that fail whatever they are given, and are given ever more because they are always free.
 *
 *   trusted ── failures in a row, of functions that work elsewhere ──▶ resting ── its time is over ──▶ on probation
 *    ▲ │                                                                ▲ ▲                                 │
 *    │ └─ the same, of functions that others are still at ─▶ on trial ──┘ └────────── a failure ────────────┤
 *    └──────────── a success, or others fail as well ──────────┴────────────────────────────────────────────┘
 *
 * A function that fails everywhere says nothing of a manager, so a script whose every task fails rests none. At most half of the managers
 * rest, and never the last one. See docs/decisions/021-black-holes.md.
 */
import type { Effect } from './core-events.ts';
import { type Core, type Manager, UNKNOWN_FUNCTION } from './core-state.ts';

/** So many in a row, or one for each slot where there are more: all of them may have begun before the first has failed. */
const FAILURES = 10;
/** Failures further apart than this are not of one row, ms. */
const WINDOW_MS = 60_000;
/** For how long a success elsewhere shows that a function works, ms. */
const PROOF_MS = 300_000;
/** Who fails at once what others are still at is given nothing for so long, until it is known whether they fail it too. */
const TRIAL_MS = 1000;
const LONGEST_REST_MS = 30 * 60_000;
/** Nothing is sent ahead to a manager that has failed so often in a row. */
const SUSPICIOUS = 3;

export interface TrackRecord {
  /** fnId → failures since the last success of anything. */
  readonly failures: Map<number, number>;
  count: number;
  /** When the first of them was. */
  sinceMs: number;
  hasWorked: boolean;
  /** undefined: it does not rest. */
  restsUntilMs: number | undefined;
  /** Until when others have time to show that the functions work; undefined: it is not on trial. */
  trialEndsMs: number | undefined;
  /** Its count when it was last looked at. */
  judgedAt: number;
  isOnProbation: boolean;
  /** Since its last success. */
  rests: number;
}

export const newRecord = (): TrackRecord => ({
  failures: new Map(),
  count: 0,
  sinceMs: 0,
  hasWorked: false,
  restsUntilMs: undefined,
  trialEndsMs: undefined,
  judgedAt: 0,
  isOnProbation: false,
  rests: 0,
});

/** Where a function has worked: the manager of the latest success, and when another one had one. */
export interface Proof {
  latest: number;
  latestMs: number;
  otherMs: number;
}

/** Or is waited for a verdict on. */
export const isResting = ({ record }: Manager): boolean => record.restsUntilMs !== undefined || record.trialEndsMs !== undefined;

/** The most that may be in flight there, whatever else allows for more: before the first success, and after some failures, a task for each slot. */
export function trustedWith(core: Core, { record, slots }: Manager): number {
  if (record.isOnProbation) return 1;
  if (core.options.quarantineMs === 0) return Number.POSITIVE_INFINITY;
  const isTrusted = core.options.prefetchCapacity !== 'auto' || core.managers.size === 1 || (record.hasWorked && record.count < SUSPICIOUS);
  return isTrusted ? Number.POSITIVE_INFINITY : slots;
}

/**
 * Some tasks of a function have ended there one after the other.
 * @param worked whether one of them succeeded. @param failures how many have failed since then, or all.
 */
export function noteEnds(core: Core, manager: Manager, fnId: number, worked: boolean, failures: number, effects: Effect[]): void {
  const at = manager.lastHeardMs;
  if (worked) noteSuccess(core, manager, fnId, at);
  // Whoever is alone is not judged: nobody could take its tasks.
  if (failures === 0 || fnId === UNKNOWN_FUNCTION || core.managers.size === 1) return;
  const { record } = manager;
  if (record.count > 0 && at - record.sinceMs > WINDOW_MS) forgetFailures(record);
  if (record.count === 0) record.sinceMs = at;
  record.count += failures;
  record.failures.set(fnId, (record.failures.get(fnId) ?? 0) + failures);
  if (!isResting(manager)) judge(core, manager, at, effects);
}

function noteSuccess(core: Core, { index, record }: Manager, fnId: number, at: number): void {
  record.hasWorked = true;
  if (record.count > 0) forgetFailures(record);
  record.isOnProbation = false;
  record.rests = 0;
  const proof = core.proofs.get(fnId);
  if (proof === undefined) core.proofs.set(fnId, { latest: index, latestMs: at, otherMs: Number.NEGATIVE_INFINITY });
  else {
    if (proof.latest !== index) {
      proof.otherMs = proof.latestMs;
      proof.latest = index;
    }
    proof.latestMs = at;
  }
}

function forgetFailures(record: TrackRecord): void {
  record.failures.clear();
  record.count = 0;
  record.judgedAt = 0;
}

function judge(core: Core, manager: Manager, at: number, effects: Effect[]): void {
  const { record } = manager;
  const limit = limitOf(manager);
  // Where nothing can be said against it the next look is some failures away: looking costs, and every task may fail in this script.
  if (record.count < Math.max(limit, record.judgedAt * 2) || !canBeSpared(core, manager)) return;
  record.judgedAt = record.count;
  if (blameable(core, manager, at) >= limit) return rest(core, manager, at, effects);
  if (surviving(core, manager) < limit) return;
  record.trialEndsMs = at + TRIAL_MS;
  core.open.delete(manager);
}

const limitOf = ({ record, slots }: Manager): number => (record.isOnProbation ? 1 : Math.max(FAILURES, slots));

function rest(core: Core, manager: Manager, at: number, effects: Effect[]): void {
  const { record, id, index, host, blockId } = manager;
  const forMs = Math.min(LONGEST_REST_MS, core.options.quarantineMs * 2 ** record.rests);
  const failures = record.count;
  record.rests++;
  record.trialEndsMs = undefined;
  record.restsUntilMs = at + forMs;
  core.open.delete(manager);
  effects.push({ kind: 'emit', report: { kind: 'managerQuarantined', managerId: id, index, host, blockId, failures, forMs } });
}

/** A verdict as soon as there is one: others have succeeded, have failed as well, or have gone on for long enough. */
function endTrial(core: Core, manager: Manager, at: number, effects: Effect[]): void {
  const { record } = manager;
  const limit = limitOf(manager);
  const isOver = at >= (record.trialEndsMs ?? 0);
  const survivors = surviving(core, manager);
  if (canBeSpared(core, manager) && (blameable(core, manager, at) >= limit || (isOver && survivors >= limit)))
    return rest(core, manager, at, effects);
  if (!isOver && survivors >= limit) return;
  record.trialEndsMs = undefined;
  if (manager.state === 'active') core.open.add(manager);
}

/** Failures of functions that others are at, and have not failed. */
function surviving(core: Core, manager: Manager): number {
  const others = [...core.managers.values()].filter((other) => other !== manager && isServing(other) && !isResting(other));
  let sum = 0;
  for (const [fnId, count] of manager.record.failures) {
    if (others.some(({ perFunction, record }) => perFunction.has(fnId) && !record.failures.has(fnId))) sum += count;
  }
  return sum;
}

const isServing = ({ state, reachable }: Manager): boolean => state === 'active' && reachable;

/** Failures of functions that have worked elsewhere. */
function blameable(core: Core, { index, record }: Manager, at: number): number {
  let sum = 0;
  for (const [fnId, count] of record.failures) {
    const proof = core.proofs.get(fnId);
    if (proof === undefined) continue;
    const workedMs = proof.latest === index ? proof.otherMs : proof.latestMs;
    if (at - workedMs <= PROOF_MS) sum += count;
  }
  return sum;
}

function canBeSpared(core: Core, manager: Manager): boolean {
  if (core.options.quarantineMs === 0) return false;
  const serving = [...core.managers.values()].filter(isServing);
  const resting = serving.filter((other) => other !== manager && isResting(other)).length;
  return (resting + 1) * 2 <= serving.length;
}

/** Ends the rests whose time is over; all of them where nobody else could work. */
export function endRests(core: Core, at: number, effects: Effect[]): void {
  let isAnyoneLeft = false;
  const resting: Manager[] = [];
  for (const manager of core.managers.values()) {
    if (isResting(manager)) resting.push(manager);
    else isAnyoneLeft ||= isServing(manager);
  }
  for (const manager of resting) {
    if (manager.record.trialEndsMs !== undefined) endTrial(core, manager, at, effects);
    if (manager.record.restsUntilMs === undefined) continue;
    if (!isAnyoneLeft) release(core, manager, 'nobody else is left', effects);
    else if (at >= (manager.record.restsUntilMs ?? 0)) release(core, manager, 'its time is over', effects);
  }
}

function release(core: Core, manager: Manager, reason: string, effects: Effect[]): void {
  const { record, id, index, host, blockId } = manager;
  record.restsUntilMs = undefined;
  record.isOnProbation = true;
  forgetFailures(record);
  if (manager.state === 'active') core.open.add(manager);
  effects.push({ kind: 'emit', report: { kind: 'managerReleased', managerId: id, index, host, blockId, reason } });
}
