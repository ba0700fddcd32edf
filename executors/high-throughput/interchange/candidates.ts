/**
 * The managers that may take tasks in one round of placing, ordered by who should get the next one.
 *
 * Owns the order (a binary heap) and the room of each; must not know the queue.
 */
import { type Core, type Manager, servingSlots, timeLeft } from './core-state.ts';
import { isResting, trustedWith } from './quarantine.ts';

/** Work sent ahead to a slot, in µs: a batch beside the one that runs. */
const AHEAD_US = 8000;
/** So many where that would be fewer: what a message costs does not depend on how long they take. */
const AHEAD_TASKS = 16;
/** The longest tasks that are sent ahead. Who waits behind one that takes longer than expected is taken back. */
const SHORT_US = 4000;
/** What even an empty task costs a worker, in µs; bounds how many are sent ahead. */
const CHEAPEST_US = 4;
/** Tiny tasks are packed: a manager gets this many, but no more than AHEAD_US of them, or this much work per slot, before the next has its turn. */
const PACK_RECORDS = 64;
const PACK_US = 500;

/** Looking at more managers than this for a few tasks costs more than it gives. */
const FEW_MANAGERS = 32;

/** So many get tasks in one turn, and the others in the next ones: in between, what managers and driver say is heard. */
export const MANAGERS_PER_TURN = 256;

/** A run of whole records, `start` to `end`. */
export interface Run {
  readonly buffer: Buffer;
  readonly start: number;
  end: number;
}

export interface Candidate {
  readonly manager: Manager;
  readonly order: number;
  readonly runs: Run[];
  /** Functions to define there first. */
  readonly defines: number[];
  /** Until its block's end comes too near to start anything; Infinity: no end is known. */
  readonly timeLeftMs: number;
  /** Tasks in flight there that are long, or of unknown length: each keeps a slot. */
  longTasks: number;
  /** Estimate of the other tasks in flight there. */
  shortWorkUs: number;
}

/** What a task of the function costs if it is known to be short, else 0. */
export function shortCost(core: Core, fnId: number, isSolo: boolean): number {
  if (isSolo) return 0;
  const estimate = core.estimates.get(fnId);
  return estimate !== undefined && estimate <= SHORT_US ? Math.max(estimate, CHEAPEST_US) : 0;
}

export const freeSlots = (manager: Manager): number => servingSlots(manager) + manager.granted - manager.inFlight.size;

/** How many tasks that keep a slot each the manager may be sent now. */
export const slotsFor = (core: Core, manager: Manager): number => Math.min(freeSlots(manager), trustedMore(core, manager));

const trustedMore = (core: Core, manager: Manager): number => trustedWith(core, manager) - (manager.inFlight.size - manager.granted);

/** How many tasks of the cost (0: long or unknown) the manager may be sent now. */
export function roomFor(core: Core, candidate: Candidate, costUs: number): number {
  const { manager } = candidate;
  const serving = servingSlots(manager);
  if (serving <= 0) return 0;
  const { prefetchCapacity } = core.options;
  const trusted = trustedMore(core, manager);
  if (prefetchCapacity !== 'auto') return Math.min(trusted, freeSlots(manager) + prefetchCapacity);
  if (costUs === 0) return slotsFor(core, manager);
  const budgetUs = Math.max(0, serving - candidate.longTasks) * Math.max(AHEAD_US, AHEAD_TASKS * costUs);
  return Math.min(trusted, Math.max(freeSlots(manager), Math.floor((budgetUs - candidate.shortWorkUs) / costUs)));
}

/** How many tasks of the cost to place before asking again who is next. */
export function packSize({ manager }: Candidate, costUs: number): number {
  if (costUs === 0) return 1;
  const packed = Math.min(PACK_RECORDS, Math.floor((AHEAD_US * manager.slots) / costUs));
  return Math.max(1, packed, Math.floor((PACK_US * manager.slots) / costUs));
}

/**
 * Those of the open managers to choose among: of very many no more than there are tasks to place, or than a turn may serve. They are removed
 * from `open` by whoever finds them full, so asking again gives others.
 */
export function openCandidates(core: Core): Candidate[] {
  const byBlock = core.options.managerSelector === 'blockId';
  const limit = byBlock ? Number.POSITIVE_INFINITY : Math.min(MANAGERS_PER_TURN, Math.max(FEW_MANAGERS, core.queue.plain));
  const heap: Candidate[] = [];
  const count = Math.min(core.open.size, limit);
  const rotation = count > 1 ? core.options.pick(count) : 0;
  for (const manager of core.open) {
    if (heap.length === limit) break;
    if (manager.state === 'active' && manager.reachable && !isResting(manager))
      heap.push(toCandidate(core, manager, (heap.length + rotation) % count));
    else core.open.delete(manager);
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i, byBlock);
  return heap;
}

function toCandidate(core: Core, manager: Manager, order: number): Candidate {
  let longTasks = 0;
  let shortWorkUs = 0;
  for (const [fnId, count] of manager.perFunction) {
    const costUs = shortCost(core, fnId, false);
    if (costUs === 0) longTasks += count;
    else shortWorkUs += count * costUs;
  }
  return { manager, order, runs: [], defines: [], timeLeftMs: timeLeft(core, manager), longTasks, shortWorkUs };
}

/** Puts the first candidate, whose load has grown, where it belongs. */
export const reorderFirst = (core: Core, heap: Candidate[]): void => siftDown(heap, 0, core.options.managerSelector === 'blockId');

export function dropFirst(core: Core, heap: Candidate[]): void {
  const last = heap.pop();
  if (heap.length === 0 || last === undefined) return;
  heap[0] = last;
  reorderFirst(core, heap);
}

function siftDown(heap: Candidate[], at: number, byBlock: boolean): void {
  for (;;) {
    let least = at;
    for (let child = 2 * at + 1; child <= 2 * at + 2 && child < heap.length; child++) {
      if (comesBefore(heap[child] as Candidate, heap[least] as Candidate, byBlock)) least = child;
    }
    if (least === at) return;
    const moved = heap[at] as Candidate;
    heap[at] = heap[least] as Candidate;
    heap[least] = moved;
    at = least;
  }
}

/** Whoever has a free slot comes first, then the older block where that is asked for, then the less loaded. */
function comesBefore(a: Candidate, b: Candidate, byBlock: boolean): boolean {
  const aFull = freeSlots(a.manager) <= 0;
  const bFull = freeSlots(b.manager) <= 0;
  if (aFull !== bFull) return bFull;
  if (byBlock && a.manager.blockId !== b.manager.blockId) return compareBlocks(a.manager.blockId, b.manager.blockId) < 0;
  const aLoad = loadOf(a.manager);
  const bLoad = loadOf(b.manager);
  return aLoad === bLoad ? a.order < b.order : aLoad < bLoad;
}

const loadOf = ({ inFlight, granted, leased }: Manager): number => (inFlight.size - granted) / Math.max(1, leased);

/** Blocks are numbered, as text. */
const compareBlocks = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
