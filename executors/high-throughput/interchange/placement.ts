/**
 * Placing waiting tasks on managers.
 *
 * Long tasks and those of unknown length only ever go to free slots, one by one to the least loaded manager. Tasks known to be
 * short are packed and sent ahead, so that one message carries many. Order within a priority is kept: if the task at the head
 * finds no slot, those behind it wait. Managers whose block has too little time left for it take the first that they have time for.
 */
import { recordEnd, TaskFlag } from '../../../lib/wire/records.ts';
import {
  type Candidate,
  dropFirst,
  MANAGERS_PER_TURN,
  openCandidates,
  packSize,
  reorderFirst,
  roomFor,
  shortCost,
  slotsFor,
} from './candidates.ts';
import type { Effect } from './core-events.ts';
import { type Core, countFrame, log, type Manager } from './core-state.ts';
import { advanceHead, headOf, type Lane, nextLane } from './task-queue.ts';

/** The rest of a long queue is placed in the next turns, for the same reason as MANAGERS_PER_TURN: some 10 ms. */
const TASKS_PER_TURN = 32_768;

/** @returns whether there are more that can be placed in the next turn. */
export function placeTasks(core: Core, effects: Effect[]): boolean {
  if (core.queue.plain === 0 || core.open.size === 0 || core.recovery !== undefined || core.isPaused || core.closing !== undefined)
    return false;
  const rest = restOfTurn(core);
  let heap = openCandidates(core);
  const used = new Set<Candidate>();
  /** There is room, and no time for anything that waits. */
  const timeless: Manager[] = [];
  while (core.queue.plain > rest) {
    const first = heap[0];
    if (first === undefined) {
      if (core.open.size === 0 || used.size >= MANAGERS_PER_TURN) break;
      heap = openCandidates(core);
      continue;
    }
    const lane = nextLane(core.queue, first.timeLeftMs);
    if (lane !== undefined && giveFrom(core, lane, first, core.queue.plain - rest)) {
      used.add(first);
      reorderFirst(core, heap);
    } else {
      dropFirst(core, heap);
      core.open.delete(first.manager);
      if (lane === undefined) timeless.push(first.manager);
    }
  }
  // Not for those that have no time: nothing would come of it.
  const isMore = core.queue.plain > 0 && core.open.size > 0 && used.size > 0;
  if (isMore) effects.push({ kind: 'placeMore' });
  core.unserved = Math.max(0, core.unserved - used.size);
  for (const manager of timeless) core.open.add(manager);
  if (used.size > 0) core.demand.plainPlacedMs = core.nowMs;
  for (const candidate of used) {
    sendRuns(core, candidate, effects);
    // Next time others come first.
    if (core.open.delete(candidate.manager)) core.open.add(candidate.manager);
  }
  return isMore;
}

/**
 * How many tasks are left for further turns. Managers beyond those of this turn get as many each, and not those that come first
 * all that there is.
 */
function restOfTurn(core: Core): number {
  const { queue, open } = core;
  if (open.size <= MANAGERS_PER_TURN || queue.plain <= MANAGERS_PER_TURN) core.unserved = 0;
  else if (core.unserved === 0) core.unserved = open.size;
  const share = core.unserved === 0 ? 1 : Math.min(1, MANAGERS_PER_TURN / core.unserved);
  return queue.plain - Math.min(TASKS_PER_TURN, Math.ceil(queue.plain * share));
}

/** Gives the candidate what it has room for of the function at the lane's head, `most` at most; false if that is nothing. */
function giveFrom(core: Core, lane: Lane, candidate: Candidate, most: number): boolean {
  const { buffer, at } = headOf(lane);
  const fnId = buffer.readUInt32LE(at + 8);
  const costUs = shortCost(core, fnId, isSolo(buffer, at));
  // What waits for a slot there would have less time when it starts.
  const room = lane.shape === 0 ? roomFor(core, candidate, costUs) : slotsFor(core, candidate.manager);
  if (room < 1) return false;
  const { manager } = candidate;
  if (!manager.defined.has(fnId)) {
    manager.defined.add(fnId);
    candidate.defines.push(fnId);
  }
  const count = takeRecords(core, lane, candidate, fnId, Math.min(room, packSize(candidate, costUs), most));
  if (costUs === 0) candidate.longTasks += count;
  else candidate.shortWorkUs += count * costUs;
  return true;
}

const isSolo = (buffer: Buffer, at: number): boolean => ((buffer[at + 14] as number) & TaskFlag.Solo) !== 0;

/** Takes up to `limit` records of the function off the front of the lane's first chunk. */
function takeRecords(core: Core, lane: Lane, candidate: Candidate, fnId: number, limit: number): number {
  const { buffer, at: start } = headOf(lane);
  const { inFlight } = candidate.manager;
  const packedFn = fnId * 0x10000;
  let at = start;
  let count = 0;
  do {
    inFlight.set(buffer.readUInt32LE(at + 4), packedFn + buffer.readUInt16LE(at + 12));
    at = recordEnd(buffer, at);
    count++;
  } while (count < limit && at < buffer.length && buffer.readUInt32LE(at + 8) === fnId && !isSolo(buffer, at));
  candidate.manager.perFunction.set(fnId, (candidate.manager.perFunction.get(fnId) ?? 0) + count);
  appendRun(candidate, buffer, start, at);
  advanceHead(core.queue, lane, at, count);
  return count;
}

function appendRun(candidate: Candidate, buffer: Buffer, start: number, end: number): void {
  const last = candidate.runs[candidate.runs.length - 1];
  if (last?.buffer === buffer && last.end === start) last.end = end;
  else candidate.runs.push({ buffer, start, end });
}

function sendRuns(core: Core, candidate: Candidate, effects: Effect[]): void {
  const { manager } = candidate;
  const { id, acknowledged } = manager;
  for (const fnId of candidate.defines) {
    const bytes = core.definitions.get(fnId);
    if (bytes === undefined) log(effects, 'warn', 'tasks name a function that the driver has not defined', { fnId, manager: id });
    else effects.push({ kind: 'sendDefine', manager: id, number: countFrame(manager), acknowledged, fnId, bytes });
  }
  const parts = candidate.runs.map((run) => run.buffer.subarray(run.start, run.end));
  manager.bytesToAcknowledge = 0;
  effects.push({ kind: 'sendTasks', manager: id, number: countFrame(manager), acknowledged, parts });
}
