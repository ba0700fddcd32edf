/**
 * The interchange core: a pure machine between one driver and many managers.
 *
 * `step(core, event)` changes the core in place and returns what the shell has to do. It has no clock (events carry `at`, in
 * ms), no socket and no randomness of its own (`options.pick`). Policy is the driver's: what a lost or unstarted try costs is
 * not decided here. Tasks wait as the bytes that the driver sent; per task in flight only its ids are kept.
 */
import { requestCancel, serveCancelRequests } from './cancellation.ts';
import { beginsGeneration } from '../resources/request-numbers.ts';
import type { CoreEvent, Effect } from './core-events.ts';
import { type Core, log, type Manager } from './core-state.ts';
import { dismissIfIdle } from './dismissal.ts';
import { drain, hear, leave, register, stopPlacing, tick } from './membership.ts';
import { reportLoad } from './load-report.ts';
import { leaseToWaiting, placeRequests } from './request-placement.ts';
import { reconsider } from './demand.ts';
import { takeBackUnserved } from './leases.ts';
import { placeTasks } from './placement.ts';
import { endRests } from './quarantine.ts';
import { recallUnstarted } from './recall.ts';
import { awaitNoMore, endRecoveryIfComplete, startRecovery } from './recovery.ts';
import { acknowledge, takeResults } from './results.ts';
import { pushRecords } from './task-queue.ts';

export { type Core, type CoreOptions, createCore } from './core-state.ts';

export function step(core: Core, event: CoreEvent): Effect[] {
  const effects: Effect[] = [];
  switch (event.kind) {
    case 'tasksArrived':
      queueTasks(core, event, effects);
      break;
    case 'defined':
      core.definitions.set(event.fnId, event.bytes);
      break;
    case 'requestDefined':
      defineRequest(core, event);
      break;
    case 'cancel':
      requestCancel(core, event.pairs);
      break;
    case 'drain':
      drain(core, chosenManagers(core, event), event.graceMs === undefined ? undefined : event.at + event.graceMs, effects);
      break;
    case 'blockEnded':
      setBlockDeadline(core, event.block, event.at + event.graceMs);
      awaitNoMore(core, event.awaited ?? []);
      break;
    case 'recover':
      startRecovery(core, event);
      break;
    case 'paused':
      core.isPaused = event.isPaused;
      reconsider(core.demand);
      break;
    case 'shutdown':
      shutDown(core, event.reason, effects);
      break;
    case 'resultsWritten':
      writtenResults(core, event.manager, event.sequence, effects);
      break;
    case 'unreachable':
      markUnreachable(core, event.manager, effects);
      break;
    case 'tick':
      onTick(core, event.at, effects);
      break;
    case 'turnEnded':
      endTurn(core, event.at, effects);
      break;
    default:
      hearManager(core, event, effects);
  }
  return effects;
}

type ManagerEvent = Extract<CoreEvent, { kind: 'registered' | 'resultsArrived' | 'heartbeat' | 'managerDrains' | 'left' }>;

function hearManager(core: Core, event: ManagerEvent, effects: Effect[]): void {
  const { manager: id } = event;
  if (core.closing !== undefined || core.dismissed.has(id)) {
    if (event.kind === 'left') core.managers.delete(id);
    else effects.push({ kind: 'sendShutdown', manager: id, reason: core.closing ?? 'it was told to leave before' });
    return;
  }
  if (event.kind === 'registered') return register(core, id, event.registration, event.at, effects);
  const manager = core.managers.get(id);
  if (manager === undefined) return greetStranger(id, event.kind, effects);
  hear(core, manager, event.at);
  tellManagerEvent(core, manager, event, effects);
}

function tellManagerEvent(core: Core, manager: Manager, event: Exclude<ManagerEvent, { kind: 'registered' }>, effects: Effect[]): void {
  switch (event.kind) {
    case 'resultsArrived':
      takeResults(core, manager, event.sequence, event.records, effects);
      dismissIfIdle(core, manager, effects);
      break;
    case 'heartbeat':
      if (event.sequence !== manager.received) effects.push({ kind: 'sendWhoAreYou', manager: manager.id });
      break;
    case 'managerDrains':
      stopPlacing(core, manager);
      dismissIfIdle(core, manager, effects);
      break;
    case 'left':
      leave(core, manager, effects);
  }
}

function greetStranger(id: string, said: string, effects: Effect[]): void {
  if (said === 'left') return;
  log(effects, 'info', 'a manager that is not registered was asked who it is', { manager: id, said });
  effects.push({ kind: 'sendWhoAreYou', manager: id });
}

/** Numbers of earlier generations are named by no task to come. */
function defineRequest({ requests, queue }: Core, { requestId, request }: Extract<CoreEvent, { kind: 'requestDefined' }>): void {
  if (beginsGeneration(requestId)) {
    const awaited = new Set(queue.asking.map((lane) => lane.requestId));
    for (const known of requests.keys()) if (known < requestId && !awaited.has(known)) requests.delete(known);
  }
  requests.set(requestId, request);
}

type TasksArrived = Extract<CoreEvent, { kind: 'tasksArrived' }>;

function queueTasks(core: Core, { priority, records, at = core.nowMs }: TasksArrived, effects: Effect[]): void {
  const count = pushRecords(core.queue, priority, records, at);
  if (count < 0) return log(effects, 'warn', 'the driver sent tasks that are not records; they are dropped', { bytes: records.length });
  if (core.queue.asking.length > 0) core.demand.isDue = true;
  if (core.recovery !== undefined) core.recovery.awaited -= count;
}

function* chosenManagers(core: Core, { manager, block }: { manager?: string; block?: string }): Generator<Manager> {
  for (const candidate of [...core.managers.values()]) if (candidate.id === manager || candidate.blockId === block) yield candidate;
}

/** Its job is over. Results that its managers sent before may still be on their way, hence the grace. */
function setBlockDeadline(core: Core, block: string, atMs: number): void {
  for (const manager of chosenManagers(core, { block })) manager.deadline = { atMs, reason: `block ${block} has ended` };
}

function shutDown(core: Core, reason: string, effects: Effect[]): void {
  core.closing = reason;
  for (const id of core.managers.keys()) effects.push({ kind: 'sendShutdown', manager: id, reason });
}

function writtenResults(core: Core, id: string, sequence: number, effects: Effect[]): void {
  const manager = core.managers.get(id);
  if (manager !== undefined) acknowledge(manager, sequence, effects);
}

function markUnreachable(core: Core, id: string, effects: Effect[]): void {
  const manager = core.managers.get(id);
  if (manager === undefined || !manager.reachable) return;
  manager.reachable = false;
  core.open.delete(manager);
  reconsider(core.demand);
  log(effects, 'warn', 'the connection to a manager is gone; it gets no tasks until it is heard again', { manager: id });
}

function onTick(core: Core, at: number, effects: Effect[]): void {
  tick(core, at, effects);
  reconsider(core.demand);
  // A registration, too, may show that there are such.
  for (const manager of core.managers.values()) takeBackUnserved(manager, effects);
  endRests(core, at, effects);
  endRecoveryIfComplete(core, at, effects);
  reportLoad(core, effects);
}

function endTurn(core: Core, at: number, effects: Effect[]): void {
  core.nowMs = at;
  endRecoveryIfComplete(core, undefined, effects);
  serveCancelRequests(core, effects);
  placeRequests(core, effects);
  if (!placeTasks(core, effects) && leaseToWaiting(core, effects) > 0) placeTasks(core, effects);
  recallUnstarted(core, effects);
}
