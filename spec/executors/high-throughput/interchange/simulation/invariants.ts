/** What must be true of the interchange core after every event. */
import { freeSlots } from '../../../../../executors/high-throughput/interchange/candidates.ts';
import { tryNumberIn, UNKNOWN_FUNCTION } from '../../../../../executors/high-throughput/interchange/core-state.ts';
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
  for (const lane of core.queue.lanes) {
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
    if (perFunction !== manager.inFlight.size)
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
    const placedHere = manager.inFlight.size - broughtAlong - sentAhead;
    if (placedHere > manager.slots + prefetch) {
      throw new Error(`${manager.id} with ${manager.slots} slots has ${placedHere} tasks, prefetch ${prefetch}`);
    }
    const isOpen = manager.state === 'active' && manager.reachable && core.recovery === undefined;
    if (isOpen && core.queue.length > 0 && freeSlots(manager) > 0) {
      throw new Error(`${core.queue.length} tasks wait though ${manager.id} has ${freeSlots(manager)} free slots`);
    }
  }
}
