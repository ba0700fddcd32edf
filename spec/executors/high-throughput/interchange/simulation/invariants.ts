/** What must be true of the interchange core after every event. */
import { slotsFor } from '../../../../../executors/high-throughput/interchange/candidates.ts';
import { isResting } from '../../../../../executors/high-throughput/interchange/quarantine.ts';
import { type Manager, tryNumberIn, UNKNOWN_FUNCTION } from '../../../../../executors/high-throughput/interchange/core-state.ts';
import type { NodeCapacity } from '../../../../../executors/high-throughput/resources/capacity.ts';
import { mayUse } from '../../../../../executors/high-throughput/interchange/reservations.ts';
import { allocate, allocateWhole, clonePool } from '../../../../../executors/high-throughput/resources/pool.ts';
import { couldFit } from '../../../../../executors/high-throughput/resources/shortage.ts';
import type { RequestVariant } from '../../../../../lib/resources/request.ts';
import { recordEnd } from '../../../../../lib/wire/records.ts';
import type { Simulation } from './simulation.ts';

/** Function whose tasks are short, but for one in ten. */
export const MIXED = 4;

/** Every outstanding try waits in the queue or is in flight at one manager, and nothing else does. */
export function checkPlaces({ core, driver }: Simulation): void {
  if (core.recovery !== undefined) return;
  const places = new Map<string, string>();
  const put = (name: string, place: string): void => {
    const other = places.get(name);
    if (other !== undefined) throw new Error(`try ${name} is in two places: ${other} and ${place}`);
    places.set(name, place);
  };
  let queued = 0;
  for (const lane of [...core.queue.lanes, ...core.queue.asking]) {
    for (const chunk of lane.chunks.slice(lane.head)) {
      for (let at = chunk.at; at < chunk.buffer.length; at = recordEnd(chunk.buffer, at)) {
        put(`${chunk.buffer.readUInt32LE(at + 4)}.${chunk.buffer.readUInt16LE(at + 12)}`, `queue ${lane.priority}`);
        queued++;
      }
    }
  }
  if (queued !== core.queue.length) throw new Error(`the queue counts ${core.queue.length} but holds ${queued}`);
  for (const manager of core.managers.values()) {
    for (const [taskId, packed] of manager.inFlight) put(`${taskId}.${tryNumberIn(packed)}`, `manager ${manager.id}`);
    const perFunction = [...manager.perFunction.values()].reduce((sum, count) => sum + count, 0);
    if (perFunction + manager.granted !== manager.inFlight.size)
      throw new Error(`${manager.id} counts ${perFunction} per function, ${manager.inFlight.size} in flight`);
  }
  for (const { taskId, tryNumber } of driver.outstanding.values()) {
    if (!places.delete(`${taskId}.${tryNumber}`)) throw new Error(`try ${taskId}.${tryNumber} is nowhere`);
  }
  if (places.size > 0) throw new Error(`nobody waits for ${JSON.stringify([...places])}`);
}

/** No manager has more than its bound, and nothing waits while a slot is free. */
export function checkRoom({ core, prefetch }: Simulation): void {
  for (const manager of core.managers.values()) {
    // What it brought along when it registered includes tasks that have ended there.
    const broughtAlong = manager.perFunction.get(UNKNOWN_FUNCTION) ?? 0;
    const sentAhead = core.options.prefetchCapacity === 'auto' ? (manager.perFunction.get(MIXED) ?? 0) : 0;
    const placedHere = manager.inFlight.size - manager.granted - broughtAlong - sentAhead;
    if (placedHere > manager.slots + prefetch) {
      throw new Error(`${manager.id} with ${manager.slots} slots has ${placedHere} tasks, prefetch ${prefetch}`);
    }
    const isOpen = manager.state === 'active' && manager.reachable && core.recovery === undefined;
    const room = isOpen && !isResting(manager) ? slotsFor(core, manager) : 0;
    if (core.queue.plain > 0 && room > 0) {
      throw new Error(`${core.queue.plain} tasks wait though ${manager.id} has ${room} free slots`);
    }
  }
}

/** No task waits for what a manager has that is not kept free for another; and what is counted is what there is. */
export function checkRequests({ core }: Simulation): void {
  for (const manager of core.managers.values()) checkPool(manager);
  if (core.recovery !== undefined || core.closing !== undefined) return;
  for (const lane of core.queue.asking) {
    for (const [index, variant] of (core.requests.get(lane.requestId)?.variants ?? []).entries()) {
      const idle = [...core.managers.values()].filter((manager) => mayUse(core, manager, lane) && fits(manager, variant, index));
      const together = Math.max(0, ...[...Map.groupBy(idle, ({ blockId }) => blockId).values()].map((members) => members.length));
      if (together >= (variant.nodes?.count ?? 1))
        throw new Error(`request ${lane.requestId} waits though ${idle.map(({ id }) => id)} could have it`);
    }
  }
}

function checkPool({ id, pool, leased, reclaiming, grants }: Manager): void {
  if (pool === undefined) return;
  if (leased !== pool.leased.filter(Boolean).length) throw new Error(`${id} counts ${leased} leased slots of ${pool.leased}`);
  if (reclaiming < 0 || reclaiming > leased) throw new Error(`${id} is asked for ${reclaiming} of ${leased} slots`);
  if (grants.size === 0 && pool.cpus.granted.some((units) => units !== 0))
    throw new Error(`${id} has nothing, and lacks ${pool.cpus.granted}`);
}

const capable = new WeakMap<NodeCapacity, Map<RequestVariant, boolean>>();

function isCapable(capacity: NodeCapacity, variant: RequestVariant): boolean {
  const known = capable.get(capacity) ?? new Map<RequestVariant, boolean>();
  capable.set(capacity, known);
  if (!known.has(variant)) known.set(variant, couldFit(capacity, variant));
  return known.get(variant) ?? false;
}

function fits({ pool, grants }: Manager, variant: RequestVariant, index: number): boolean {
  if (pool === undefined || !isCapable(pool.capacity, variant)) return false;
  const copy = clonePool(pool);
  return variant.nodes === undefined
    ? allocate(copy, variant, index) !== undefined
    : grants.size === 0 && allocateWhole(copy, variant, index) !== undefined;
}
