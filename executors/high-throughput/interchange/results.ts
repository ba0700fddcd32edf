/**
 * Results on their way to the driver.
 *
 * Owns which of them are believed: those of tasks in flight at the manager that sends them, each frame once and in order.
 */
import { countRecords, encodeResult, RESULT_HEADER_BYTES, ResultStatus, recordEnd } from '../../../lib/wire/records.ts';
import { type Effect, NO_MANAGER } from './core-events.ts';
import { type Core, fnIdOf, log, lowerPerFunction, type Manager, tryNumberIn, UNKNOWN_FUNCTION } from './core-state.ts';
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
  for (const part of records) forwardExpected(core, manager, part, effects);
  if (manager.state === 'active') core.open.add(manager);
  for (const part of records) manager.bytesToAcknowledge += part.length;
  effects.push({ kind: 'acknowledgeWhenWritten', manager: manager.id, sequence });
}

/** Forwards the runs of records whose tasks are in flight there. */
function forwardExpected(core: Core, manager: Manager, records: Buffer, effects: Effect[]): void {
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
      tally.add(fnIdOf(packed), records[at + 14] as number, records.readUInt32LE(at + 16));
      if (cancelling.size > 0) cancelling.delete(taskId);
      core.recovery?.settled.add(tryKey(taskId, tryNumber));
    } else {
      forwardRun(manager, records, runStart, at, effects);
      runStart = end;
      dropped++;
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
    } else if (status === ResultStatus.Failed || status === ResultStatus.Lost) this.#failures++;
    if (status !== ResultStatus.Ok && status !== ResultStatus.Failed && status !== ResultStatus.Walltime) return;
    this.#timed++;
    this.#busyUs += busyUs;
  }

  close(): void {
    if (this.#count === 0) return;
    lowerPerFunction(this.#manager, this.#fnId, this.#count);
    noteEnds(this.#core, this.#manager, this.#fnId, this.#worked, this.#failures, this.#effects);
    if (this.#timed > 0 && this.#fnId !== UNKNOWN_FUNCTION) observeBusy(this.#core.estimates, this.#fnId, this.#busyUs / this.#timed);
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

interface EndedTask {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
}

/** Reports tries that no worker will: cancelled in the queue, or never arrived at their manager. */
export function reportHere(core: Core, tasks: readonly EndedTask[], status: ResultStatus, effects: Effect[]): void {
  if (tasks.length === 0) return;
  const records = tasks.map(({ taskId, tryNumber, fnId }) =>
    encodeResult({ taskId, tryNumber, fnId, status, durationUs: 0, startMs: 0, worker: 0 }),
  );
  for (const { taskId, tryNumber } of tasks) core.recovery?.settled.add(tryKey(taskId, tryNumber));
  effects.push({ kind: 'forwardResults', managerIndex: NO_MANAGER, records: Buffer.concat(records) });
}

export const endedTask = (taskId: number, packed: number): EndedTask => ({ taskId, tryNumber: tryNumberIn(packed), fnId: fnIdOf(packed) });
