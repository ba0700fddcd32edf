/**
 * Who has what: grants from the moment that a task is placed until its manager says that it has ended, or is gone. A grant is held also for
 * a try that nobody waits for any more, as long as it may still run.
 */
import { tryKey, taskIdOf, tryNumberOf } from './try-key.ts';
import type { Grant, TaskGrant } from '../resources/grant.ts';
import { claimSlot, createPool, occupy, occupyWhole, release } from '../resources/pool.ts';
import { sendCancel, sendClear } from './cancellation.ts';
import type { Effect, Registration, Try } from './core-events.ts';
import { type Core, dropInFlight, type Gang, type Manager, tryNumberIn } from './core-state.ts';
import { stir } from './demand.ts';
import { dismissIfIdle } from './dismissal.ts';
import { joinKind, leaveKind } from './node-kinds.ts';

/** The manager's pool has the grant already. */
export function holdGrant(core: Core, manager: Manager, key: number, grant: Grant): void {
  manager.grants.set(key, grant);
  if (grant.nodes === undefined) return;
  const gang: Gang = { leader: manager.id, members: grant.nodes.map(({ managerId }) => managerId), grant };
  core.gangs.set(key, gang);
  for (const id of gang.members) if (id !== manager.id) joinGang(core.managers.get(id), key, grant);
}

function joinGang(member: Manager | undefined, key: number, grant: Grant): void {
  if (member?.pool === undefined || member.grants.has(key)) return;
  member.grants.set(key, occupyWhole(member.pool, grant));
}

/**
 * The try has ended there.
 * @param endedWell whether what ran it returned in order, and so has waited for its part on other nodes.
 */
export function giveBack(core: Core, manager: Manager, key: number, endedWell: boolean, effects: Effect[]): void {
  const gang = core.gangs.get(key);
  if (gang === undefined) letGo(core, manager, key);
  else if (gang.leader === manager.id) disband(core, key, gang, endedWell, effects);
  else if (gang.leader === undefined) leaveGang(core, manager, key, gang, effects);
}

/** It has ended, or been given up, at its leader. Whoever started the rest may have been killed, and that goes on: its nodes are free once they say so. */
function disband(core: Core, key: number, gang: Gang, endedWell: boolean, effects: Effect[]): void {
  const { leader: id = '', grant } = gang;
  const leader = core.managers.get(id);
  const others = gang.members.flatMap((member) => (member === id ? [] : (core.managers.get(member) ?? [])));
  if (leader !== undefined) letGo(core, leader, key);
  if (others.length === 0) return void core.gangs.delete(key);
  const rest: Gang = { leader: undefined, members: others.map((member) => member.id), grant };
  core.gangs.set(key, rest);
  for (const member of others) {
    if (endedWell) leaveGang(core, member, key, core.gangs.get(key) ?? rest, effects);
    else sendClear(member, key, effects);
  }
}

/** Nothing of it is left there. */
function leaveGang(core: Core, member: Manager, key: number, gang: Gang, effects: Effect[]): void {
  const members = gang.members.filter((id) => id !== member.id);
  if (members.length === 0) core.gangs.delete(key);
  else core.gangs.set(key, { ...gang, members });
  letGo(core, member, key);
  dismissIfIdle(core, member, effects);
}

function letGo(core: Core, manager: Manager, key: number): void {
  const grant = manager.grants.get(key);
  if (grant === undefined) return;
  manager.grants.delete(key);
  if (manager.pool !== undefined) release(manager.pool, grant);
  stir(core.demand, manager);
}

/** As the manager says: what is given out there, and which slots serve. */
export function takeResources(core: Core, manager: Manager, registration: Registration, effects: Effect[]): void {
  const { capacity, slots, leased = capacity?.slots.map((_, slot) => slot), grants = [], nextSequence = 0 } = registration;
  leaveKind(core, manager);
  const known = new Set(grants.map(({ taskId, tryNumber }) => tryKey(taskId, tryNumber)));
  for (const [key, gang] of core.gangs) if (gang.leader === manager.id && !known.has(key)) disband(core, key, gang, false, effects);
  manager.grants.clear();
  manager.reclaiming = 0;
  core.demand.reclaiming.delete(manager);
  manager.releasesFrom = nextSequence;
  manager.pool = capacity && createPool(capacity);
  manager.leased = manager.pool === undefined ? slots : countClaimed(manager, leased ?? []);
  if (manager.pool?.leased.includes(false)) core.demand.released.add(manager);
  else core.demand.released.delete(manager);
  if (capacity !== undefined) joinKind(core, manager, capacity);
  for (const grant of grants) restoreGrant(core, manager, grant);
  for (const [key, gang] of core.gangs) {
    if (!gang.members.includes(manager.id)) continue;
    joinGang(manager, key, gang.grant);
    // It may not have heard it.
    if (gang.leader === undefined) sendClear(manager, key, effects);
  }
}

function countClaimed({ pool }: Manager, slots: readonly number[]): number {
  return pool === undefined ? 0 : slots.filter((slot) => claimSlot(pool, slot)).length;
}

function restoreGrant(core: Core, manager: Manager, { taskId, tryNumber, grant }: TaskGrant): void {
  if (manager.pool === undefined) return;
  occupy(manager.pool, grant);
  holdGrant(core, manager, tryKey(taskId, tryNumber), grant);
}

/** It is gone. @returns tries of other managers that cannot go on without it: they are to be reported with its own. */
export function abandonGrants(core: Core, manager: Manager, effects: Effect[]): Try[] {
  const lost: Try[] = [];
  for (const [key, gang] of core.gangs) {
    if (gang.leader === manager.id) disband(core, key, gang, false, effects);
    else if (!gang.members.includes(manager.id)) continue;
    else if (gang.leader === undefined) leaveGang(core, manager, key, gang, effects);
    else lost.push(...endAtLeader(core, key, gang.leader, effects));
  }
  return lost;
}

/** Whether a task runs there and elsewhere. */
export const isInGang = ({ gangs }: Core, { id }: Manager): boolean =>
  [...gangs.values()].some(({ leader, members }) => leader !== undefined && members.includes(id));

/** Its nodes are its own until it has ended there. */
function endAtLeader(core: Core, key: number, id: string, effects: Effect[]): Try[] {
  const leader = core.managers.get(id);
  const packed = leader?.inFlight.get(taskIdOf(key));
  if (leader === undefined || packed === undefined || tryNumberIn(packed) !== tryNumberOf(key)) return [];
  dropInFlight(core, leader, taskIdOf(key), packed);
  sendCancel(leader, [key], effects);
  return [[taskIdOf(key), tryNumberOf(key)]];
}
