/**
 * Tasks on whole nodes: as many of one block as they ask for, none of them in use. The first runs the task and is told of all.
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import type { Grant, GrantedRanks } from '../resources/grant.ts';
import { allocateWhole, isUntouched } from '../resources/pool.ts';
import type { Core, Manager } from './core-state.ts';
import { timeLeft } from './core-state.ts';
import { fullBlocks } from './full-blocks.ts';
import { managersFor } from './node-kinds.ts';
import type { Outgoing } from './outgoing.ts';
import type { Choice } from './request-placement.ts';
import { isUsable, mayUse } from './reservations.ts';
import { hasTime, type Lane } from './task-queue.ts';

/** @returns whether the lane's next task was placed. */
export function placeGang(core: Core, lane: Lane, { variant, index }: Choice, outgoing: Outgoing): boolean {
  const members = findBlock(core, lane, variant, (manager) => mayUse(core, manager, lane) && isFree(manager));
  const [leader] = members ?? [];
  if (members === undefined || leader?.pool === undefined) return false;
  const grant = allocateWhole(leader.pool, variant, index);
  if (grant === undefined) return false;
  const nodes = members.map(({ id, host }) => ({ managerId: id, host }));
  outgoing.add(leader, lane, { ...grant, nodes, ranks: ranksOf(members, variant) } satisfies Grant);
  return true;
}

/** Whether nobody uses any of it. */
export const isFree = ({ grants, leased, pool }: Manager): boolean =>
  grants.size === 0 && leased === 0 && pool !== undefined && isUntouched(pool);

/** The first block with enough managers that could be part of it, have time for it and are wanted; these. */
export function findBlock(core: Core, lane: Lane, variant: RequestVariant, isWanted: (manager: Manager) => boolean): Manager[] | undefined {
  const count = variant.nodes?.count ?? 1;
  const byBlock = new Map<string, Manager[]>();
  const full = fullBlocks(core);
  for (const manager of managersFor(core, variant)) {
    if (full.has(manager.blockId) || !isUsable(manager) || !hasTime(lane, timeLeft(core, manager)) || !isWanted(manager)) continue;
    const members = byBlock.get(manager.blockId) ?? [];
    byBlock.set(manager.blockId, members);
    if (members.push(manager) === count) return members;
  }
  return undefined;
}

function ranksOf(members: readonly Manager[], { nodes }: RequestVariant): GrantedRanks {
  const { threadsPerRank = 1, gpusPerRank = 0, cpuBind } = nodes ?? {};
  const ranksPerNode = nodes?.ranksPerNode ?? Math.min(...members.map((manager) => ranksThatFit(manager, threadsPerRank, gpusPerRank)));
  return { ranksPerNode, threadsPerRank, gpusPerRank, ...(cpuBind !== undefined && { cpuBind }) };
}

function ranksThatFit({ pool }: Manager, threadsPerRank: number, gpusPerRank: number): number {
  const byCores = Math.floor((pool?.cpuIds.length ?? 1) / threadsPerRank);
  const byGpus = gpusPerRank === 0 ? byCores : Math.floor((pool?.capacity.gpus.length ?? 0) / gpusPerRank);
  return Math.max(1, Math.min(byCores, byGpus));
}
