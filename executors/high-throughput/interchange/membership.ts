/**
 * Managers come, fall silent, drain and leave.
 *
 *   (unknown) ── registered ──▶ active ── drain ──▶ draining ── nothing in flight ──▶ dismissed
 *       ▲                          │                    │
 *       └── lost (silent, past a deadline), or left ────┘
 *
 * A manager that was lost and comes back registers like a new one; what it still holds was given up, and is cancelled there.
 */
import { ResultStatus } from '../../../lib/wire/records.ts';
import { frameBase } from '../frame-base.ts';
import { sendCancel } from './cancellation.ts';
import type { Effect, Registration, Try } from './core-events.ts';
import {
  addInFlight,
  type Core,
  countFrame,
  dropInFlight,
  GRANTED_FUNCTION,
  log,
  type Manager,
  tryNumberIn,
  UNKNOWN_FUNCTION,
} from './core-state.ts';
import { reconsider } from './demand.ts';
import { dismiss, dismissIfIdle, emitLeft, forget } from './dismissal.ts';
import { abandonGrants, isInGang, takeResources } from './grants.ts';
import { takeBackUnserved } from './leases.ts';
import { newRecord } from './quarantine.ts';
import { claimTry, managerCame, settleAll } from './recovery.ts';
import { endedTask, reportHere } from './own-results.ts';
import { taskIdOf, tryKey, tryNumberOf } from './try-key.ts';

export function register(core: Core, id: string, registration: Registration, at: number, effects: Effect[]): void {
  const mismatch = findMismatch(core, id, registration);
  if (mismatch !== undefined) {
    const { host, blockId } = registration;
    effects.push({ kind: 'sendRefused', manager: id, message: mismatch });
    effects.push({ kind: 'emit', report: { kind: 'managerRefused', managerId: id, host, blockId, message: mismatch } });
    return;
  }
  const known = core.managers.get(id);
  if (known === undefined) registerNew(core, id, registration, at, effects);
  else registerAgain(core, known, registration, at, effects);
}

function findMismatch(core: Core, id: string, { protocol, version, host }: Registration): string | undefined {
  const { options } = core;
  if (protocol === options.protocol && version === options.packageVersion) return undefined;
  return (
    `manager ${id} on ${host} runs Flotilla ${version} (protocol ${protocol}), the driver runs ${options.packageVersion} ` +
    `(protocol ${options.protocol}). Start managers from the driver's own installation, or install version ${options.packageVersion} there.`
  );
}

function registerNew(core: Core, id: string, registration: Registration, at: number, effects: Effect[]): void {
  const manager = toManager(core, id, registration, at);
  core.managers.set(id, manager);
  takeResources(core, manager, registration, effects);
  reconsider(core.demand);
  if (manager.state === 'active') core.open.add(manager);
  const { index, host, blockId, slots } = manager;
  const { info, timeLeftMs, capacity } = registration;
  effects.push({
    kind: 'emit',
    report: { kind: 'managerRegistered', managerId: id, index, host, blockId, slots, timeLeftMs, capacity, info },
  });
  welcome(manager, registration, effects);
  const held = registration.held.map(([taskId, tryNumber]) => tryKey(taskId, tryNumber)).sort((a, b) => b - a);
  sendCancel(manager, rejectHeld(core, manager, held), effects);
  reportGrants(manager, registration, effects);
  takeBackUnserved(manager, effects);
  managerCame(core, id);
}

/** Takes over what the manager rightly holds. @returns the rest, which is to be cancelled there. */
function rejectHeld(core: Core, manager: Manager, held: Iterable<number>): number[] {
  const rejected: number[] = [];
  for (const key of held) {
    if (isSuperseded(manager, key) || !claimTry(core, manager.id, key)) rejected.push(key);
    else addInFlight(manager, taskIdOf(key), manager.grants.has(key) ? GRANTED_FUNCTION : UNKNOWN_FUNCTION, tryNumberOf(key));
  }
  return rejected;
}

/** The driver, which may be another one, is told who has what. */
function reportGrants(manager: Manager, { grants = [] }: Registration, effects: Effect[]): void {
  const believed = grants.filter(({ taskId, tryNumber }) => {
    const packed = manager.inFlight.get(taskId);
    return packed !== undefined && tryNumberIn(packed) === tryNumber;
  });
  if (believed.length > 0) effects.push({ kind: 'emit', report: { kind: 'granted', index: manager.index, grants: believed } });
}

/** Of two tries of a task the later one counts, and comes first here: the driver has been told of the earlier one's end. */
function isSuperseded(manager: Manager, key: number): boolean {
  return manager.inFlight.has(taskIdOf(key));
}

function toManager(core: Core, id: string, registration: Registration, at: number): Manager {
  const received = (registration.firstSequence - 1) >>> 0;
  return {
    id,
    index: core.nextIndex++,
    blockId: registration.blockId,
    host: registration.host,
    slots: Math.max(1, registration.slots),
    leased: 0,
    reclaiming: 0,
    pool: undefined,
    kind: undefined,
    grants: new Map(),
    granted: 0,
    releasesFrom: 0,
    // The end of its block may have come near before another interchange heard of it.
    state: isOver(registration) ? 'draining' : 'active',
    reachable: true,
    lastHeardMs: at,
    deadline: undefined,
    endsMs: endOf(registration, at),
    nextBeatMs: at + core.options.heartbeatPeriodMs,
    attempt: registration.attempt,
    inFlight: new Map(),
    perFunction: new Map(),
    defined: new Set(registration.defined),
    cancelling: new Map(),
    sent: 0,
    received,
    acknowledged: received,
    bytesToAcknowledge: 0,
    record: newRecord(),
  };
}

/** By the clock of this machine. */
const endOf = ({ timeLeftMs = Number.POSITIVE_INFINITY }: Registration, at: number): number => at + timeLeftMs;

const isOver = ({ timeLeftMs }: Registration): boolean => timeLeftMs !== undefined && timeLeftMs <= 0;

/** It missed a frame, or lost its connection for a while. What it does not have never arrived there. */
function registerAgain(core: Core, manager: Manager, registration: Registration, at: number, effects: Effect[]): void {
  hear(core, manager, at);
  if (registration.attempt <= manager.attempt) return;
  manager.attempt = registration.attempt;
  manager.endsMs = endOf(registration, at);
  if (isOver(registration)) stopPlacing(core, manager);
  catchUp(manager, registration.firstSequence);
  manager.defined.clear();
  for (const fnId of registration.defined) manager.defined.add(fnId);
  welcome(manager, registration, effects);
  takeResources(core, manager, registration, effects);
  reconsider(core.demand);
  if (manager.state === 'active') core.open.add(manager);
  const held = new Set(registration.held.map(([taskId, tryNumber]) => tryKey(taskId, tryNumber)));
  const missing = [...manager.inFlight].filter(([taskId, packed]) => !held.delete(tryKey(taskId, tryNumberIn(packed))));
  for (const [taskId, packed] of missing) dropInFlight(core, manager, taskId, packed);
  reportHere(
    core,
    missing.map(([taskId, packed]) => endedTask(taskId, packed)),
    ResultStatus.Unstarted,
    effects,
  );
  const again = [...manager.cancelling].map(([taskId, tryNumber]) => tryKey(taskId, tryNumber));
  sendCancel(manager, [...rejectHeld(core, manager, held), ...again], effects);
  if (manager.state === 'draining') {
    effects.push({ kind: 'sendDrain', manager: manager.id, number: countFrame(manager), acknowledged: manager.acknowledged });
  }
  takeBackUnserved(manager, effects);
  dismissIfIdle(core, manager, effects);
}

/** Frames before the manager's first were acknowledged to it, by the interchange before this one perhaps. */
function catchUp(manager: Manager, firstSequence: number): void {
  const acknowledged = (firstSequence - 1) >>> 0;
  if (((acknowledged - manager.received) | 0) <= 0) return;
  manager.received = acknowledged;
  manager.acknowledged = acknowledged;
}

function welcome(manager: Manager, { attempt }: Registration, effects: Effect[]): void {
  manager.sent = frameBase(attempt);
  const { id, index, received, acknowledged, sent } = manager;
  effects.push({ kind: 'sendRegistered', manager: id, number: sent, acknowledged, index, attempt, received });
}

/** Whatever it says shows that it lives. */
export function hear(core: Core, manager: Manager, at: number): void {
  manager.lastHeardMs = at;
  if (manager.reachable) return;
  manager.reachable = true;
  reconsider(core.demand);
  if (manager.state === 'active') core.open.add(manager);
}

export function drain(core: Core, managers: Iterable<Manager>, deadlineMs: number | undefined, effects: Effect[]): void {
  for (const manager of managers) {
    if (deadlineMs !== undefined)
      manager.deadline = { atMs: deadlineMs, reason: 'its tasks had not ended when the time to drain was over' };
    if (manager.state === 'draining') continue;
    stopPlacing(core, manager);
    if (dismissIfIdle(core, manager, effects)) continue;
    effects.push({ kind: 'sendDrain', manager: manager.id, number: countFrame(manager), acknowledged: manager.acknowledged });
  }
}

export function stopPlacing(core: Core, manager: Manager): void {
  manager.state = 'draining';
  reconsider(core.demand);
  core.open.delete(manager);
}

/** It says that it goes. What it had in flight will not come back. */
export function leave(core: Core, manager: Manager, effects: Effect[]): void {
  dismiss(core, manager);
  effects.push({ kind: 'sendShutdown', manager: manager.id, reason: 'goodbye' });
  if (manager.inFlight.size > 0 || isInGang(core, manager)) return lose(core, manager, 'it left before its tasks had ended', effects);
  forget(core, manager);
  abandonGrants(core, manager, effects);
  emitLeft(manager, effects);
}

function lose(core: Core, manager: Manager, reason: string, effects: Effect[]): void {
  forget(core, manager);
  const own: Try[] = [...manager.inFlight].map(([taskId, packed]) => [taskId, tryNumberIn(packed)]);
  const tasks = [...own, ...abandonGrants(core, manager, effects)];
  settleAll(core, tasks);
  const { id, index, host, blockId, lastHeardMs } = manager;
  effects.push({ kind: 'emit', report: { kind: 'managerLost', managerId: id, index, host, blockId, lastHeardMs, reason, tasks } });
}

/** Losses, deadlines, heartbeats. */
export function tick(core: Core, at: number, effects: Effect[]): void {
  excuseOwnPause(core, at, effects);
  const { heartbeatThresholdMs, heartbeatPeriodMs } = core.options;
  for (const manager of [...core.managers.values()]) {
    if (at - manager.lastHeardMs > heartbeatThresholdMs) {
      lose(core, manager, `nothing was heard from it for ${Math.round(at - manager.lastHeardMs)} ms`, effects);
    } else if (manager.deadline !== undefined && at >= manager.deadline.atMs) {
      dismiss(core, manager);
      effects.push({ kind: 'sendShutdown', manager: manager.id, reason: manager.deadline.reason });
      lose(core, manager, manager.deadline.reason, effects);
    } else if (at >= manager.nextBeatMs) {
      manager.nextBeatMs = at + heartbeatPeriodMs;
      manager.bytesToAcknowledge = 0;
      effects.push({ kind: 'sendHeartbeat', manager: manager.id, number: manager.sent, acknowledged: manager.acknowledged });
    }
  }
}

/** If this process itself did not run for a while, the managers were not silent: their messages have yet to be read. */
function excuseOwnPause(core: Core, at: number, effects: Effect[]): void {
  const paused = core.lastTickMs === undefined ? 0 : at - core.lastTickMs;
  core.lastTickMs = at;
  if (paused * 2 <= core.options.heartbeatThresholdMs) return;
  for (const manager of core.managers.values()) manager.lastHeardMs = Math.min(at, manager.lastHeardMs + paused);
  log(effects, 'warn', 'the interchange did not run for a while; managers get that time back', { pausedMs: Math.round(paused) });
}
