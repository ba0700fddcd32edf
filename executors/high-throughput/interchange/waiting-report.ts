/**
 * Why tasks with requests wait: which part of them no node has at present, told to the driver for whoever asks.
 */
import type { RequestVariant } from '../../../lib/resources/request.ts';
import { describeShortage, presentShortages, type Shortage } from '../resources/shortage.ts';
import type { WaitingLane, WaitingNodes, WaitingWhole } from './core-events.ts';
import type { Core, Manager } from './core-state.ts';
import { isFree } from './gang-placement.ts';
import { canHave, type NodeKind } from './node-kinds.ts';
import { inOrder } from './request-placement.ts';
import { isUsable, reservedFor } from './reservations.ts';
import { headOf, type Lane } from './task-queue.ts';

/** More are not told of. */
const MOST_LANES = 20;
/** Of nodes that are much the same, so many are looked at. */
const MOST_NODES = 32;

export const describeWaiting = (core: Core): WaitingLane[] =>
  core.queue.asking.length === 0
    ? []
    : inOrder(core)
        .slice(0, MOST_LANES)
        .map((lane) => describeLane(core, lane));

function describeLane(core: Core, lane: Lane): WaitingLane {
  const { requestId, priority, count: tasks } = lane;
  const variants = core.requests.get(requestId)?.variants ?? [];
  const reserved = reservedFor(core, lane).map(({ host }) => host);
  const classes = Map.groupBy(core.demand.kinds.values(), ({ name }) => name);
  const nodes = [...classes.values()].flatMap((kinds) => describeClass(kinds, variants));
  return { requestId, priority, tasks, sinceMs: headOf(lane).sinceMs, nodes, reserved };
}

function describeClass(kinds: readonly NodeKind[], variants: readonly RequestVariant[]): WaitingNodes[] {
  const variant = variants.find((one) => kinds.some((kind) => canHave(kind, one)));
  const usable = kinds.flatMap(({ managers }) => [...managers].filter(isUsable));
  const [first] = usable;
  if (variant === undefined || first === undefined) return [];
  const nodes = { host: first.host, count: usable.length };
  if (variant.nodes !== undefined) return [{ ...nodes, lacks: [], whole: countFree(usable, variant.nodes.count) }];
  return [{ ...nodes, lacks: leastMissing(usable.slice(0, MOST_NODES), variant).map(describeShortage) }];
}

function countFree(managers: readonly Manager[], wanted: number): WaitingWhole {
  const free = managers.filter(isFree);
  const perBlock = Map.groupBy(free, ({ blockId }) => blockId);
  return { wanted, free: free.length, mostInBlock: Math.max(0, ...[...perBlock.values()].map((members) => members.length)) };
}

function leastMissing(managers: readonly Manager[], variant: RequestVariant): Shortage[] {
  const each = managers.flatMap(({ pool }) => (pool === undefined ? [] : [presentShortages(pool, variant)]));
  return each.reduce((least, one) => (one.length < least.length ? one : least), each[0] ?? []);
}
