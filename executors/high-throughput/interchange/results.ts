/**
 * Results on their way to the driver.
 *
 * Owns which of them are believed: those of tasks in flight at the manager that sends them, each frame once and in order.
 */
import { countRecords, RESULT_HEADER_BYTES, ResultStatus, recordEnd } from '../../../lib/wire/records.ts';
import type { Effect } from './core-events.ts';
import { type Core, fnIdOf, GRANTED_FUNCTION, log, lowerPerFunction, type Manager, tryNumberIn } from './core-state.ts';
import { giveBack } from './grants.ts';
import { slotReleased } from './leases.ts';
import { observeBusy } from './estimates.ts';
import { noteEnds } from './quarantine.ts';
import { tryKey } from './try-key.ts';

/** Acknowledge by a frame of its own when this much waits and no tasks are sent that could carry it. */
const ACKNOWLEDGE_BYTES = 1 << 20;

/** Takes the frame if it is the manager's next one. */
export function takeResults(core: Core, manager: Manager, sequence: number, records: readonly Buffer[], effects: Effect[]): void {
  const ahead = (sequence - manager.received) | 0;
  if (ahead <= 0) return;
  if (ahead > 1) {
    effects.push({ kind: 'sendWhoAreYou', manager: manager.id });
    return;
  }
  manager.received = sequence;
  if (records.some((part) => countRecords(part, 0, RESULT_HEADER_BYTES) < 0)) {
    log(effects, 'warn', 'a manager sent results that are not records; they are dropped, and it is asked what it holds', {
      manager: manager.id,
      sequence,
    });
    effects.push({ kind: 'sendWhoAreYou', manager: manager.id });
    return;
  }
  for (const part of records) forwardExpected(core, manager, part, sequence, effects);
  if (manager.state === 'active') core.open.add(manager);
  for (const part of records) manager.bytesToAcknowledge += part.length;
  effects.push({ kind: 'acknowledgeWhenWritten', manager: manager.id, sequence });
}

const isFailure = (status: number): boolean => status === ResultStatus.Failed || status === ResultStatus.Lost;

/** Forwards the runs of records whose tasks are in flight there. */
function forwardExpected(core: Core, manager: Manager, records: Buffer, sequence: number, effects: Effect[]): void {
  const { inFlight, cancelling } = manager;
  const tally = new Tally(core, manager, effects);
  let runStart = 0;
  let dropped = 0;
  for (let at = 0, end = 0; at < records.length; at = end) {
    end = recordEnd(records, at);
    const taskId = records.readUInt32LE(at + 4);
    const tryNumber = records.readUInt16LE(at + 12);
    const packed = inFlight.get(taskId);
    if (packed !== undefined && tryNumberIn(packed) === tryNumber) {
      inFlight.delete(taskId);
      const fnId = fnIdOf(packed);
      const status = records[at + 14] as number;
      tally.add(fnId, status, records.readUInt32LE(at + 16));
      if (fnId === GRANTED_FUNCTION) {
        noteEnds(core, manager, records.readUInt32LE(at + 8), status === ResultStatus.Ok, isFailure(status) ? 1 : 0, effects);
        giveBack(core, manager, tryKey(taskId, tryNumber), status === ResultStatus.Ok, effects);
      }
      if (cancelling.size > 0) cancelling.delete(taskId);
      core.recovery?.settled.add(tryKey(taskId, tryNumber));
    } else {
      forwardRun(manager, records, runStart, at, effects);
      runStart = end;
      if (records[at + 14] === ResultStatus.SlotReleased) slotReleased(core, manager, records.readUInt32LE(at + 28), sequence, effects);
      else {
        dropped++;
        // It may have been given up and go on having what it was given until now.
        giveBack(core, manager, tryKey(taskId, tryNumber), records[at + 14] === ResultStatus.Ok, effects);
      }
    }
  }
  tally.close();
  forwardRun(manager, records, runStart, records.length, effects);
  if (dropped > 0) log(effects, 'debug', 'results of tasks that are not in flight there are dropped', { manager: manager.id, dropped });
}

function forwardRun(manager: Manager, records: Buffer, start: number, end: number, effects: Effect[]): void {
  if (end === start) return;
  const run = start === 0 && end === records.length ? records : records.subarray(start, end);
  effects.push({ kind: 'forwardResults', managerIndex: manager.index, records: run });
}

/** Adds up runs of one function, so that maps are touched once per run and not once per result. */
class Tally {
  readonly #core: Core;
  readonly #manager: Manager;
  readonly #effects: Effect[];
  #fnId = -1;
  #count = 0;
  #timed = 0;
  #busyUs = 0;
  #worked = false;
  /** Since the last that worked. */
  #failures = 0;

  constructor(core: Core, manager: Manager, effects: Effect[]) {
    this.#core = core;
    this.#manager = manager;
    this.#effects = effects;
  }

  add(fnId: number, status: number, busyUs: number): void {
    if (fnId !== this.#fnId) {
      this.close();
      this.#fnId = fnId;
    }
    this.#count++;
    if (status === ResultStatus.Ok) {
      this.#worked = true;
      this.#failures = 0;
    } else if (isFailure(status)) this.#failures++;
    if (status !== ResultStatus.Ok && status !== ResultStatus.Failed && status !== ResultStatus.Walltime) return;
    this.#timed++;
    this.#busyUs += busyUs;
  }

  close(): void {
    if (this.#count === 0) return;
    lowerPerFunction(this.#manager, this.#fnId, this.#count);
    // What was granted is noted by its own function.
    if (this.#fnId !== GRANTED_FUNCTION) noteEnds(this.#core, this.#manager, this.#fnId, this.#worked, this.#failures, this.#effects);
    if (this.#timed > 0 && this.#fnId < GRANTED_FUNCTION) observeBusy(this.#core.estimates, this.#fnId, this.#busyUs / this.#timed);
    this.#count = 0;
    this.#timed = 0;
    this.#busyUs = 0;
    this.#worked = false;
    this.#failures = 0;
  }
}

/** The driver has the manager's results up to `sequence`. */
export function acknowledge(manager: Manager, sequence: number, effects: Effect[]): void {
  if (((sequence - manager.acknowledged) | 0) <= 0) return;
  manager.acknowledged = sequence;
  if (manager.bytesToAcknowledge < ACKNOWLEDGE_BYTES) return;
  manager.bytesToAcknowledge = 0;
  effects.push({ kind: 'sendHeartbeat', manager: manager.id, number: manager.sent, acknowledged: sequence });
}
