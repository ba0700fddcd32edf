/**
 * Tasks that were placed with grants in one turn, gathered by manager: one message carries many.
 */
import { recordEnd } from '../../../lib/wire/records.ts';
import type { Grant, TaskGrant } from '../resources/grant.ts';
import type { Effect } from './core-events.ts';
import { addInFlight, type Core, countFrame, GRANTED_FUNCTION, log, type Manager } from './core-state.ts';
import { holdGrant } from './grants.ts';
import { advanceHead, headOf, type Lane } from './task-queue.ts';
import { tryKey } from './try-key.ts';

/** More in one turn would keep others waiting: some 20 ms. */
const MOST = 2048;

interface Parcel {
  readonly defines: number[];
  readonly grants: TaskGrant[];
  readonly records: Buffer[];
}

export class Outgoing {
  readonly #core: Core;
  #count = 0;
  readonly #parcels = new Map<Manager, Parcel>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** The lane's next task goes to the manager, whose pool has the grant already. */
  add(manager: Manager, lane: Lane, grant: Grant): void {
    const { buffer, at } = headOf(lane);
    const end = recordEnd(buffer, at);
    const [taskId, fnId, tryNumber] = [buffer.readUInt32LE(at + 4), buffer.readUInt32LE(at + 8), buffer.readUInt16LE(at + 12)];
    this.#count++;
    advanceHead(this.#core.queue, lane, end, 1);
    addInFlight(manager, taskId, GRANTED_FUNCTION, tryNumber);
    holdGrant(this.#core, manager, tryKey(taskId, tryNumber), grant);
    const parcel = this.#parcelFor(manager);
    if (!manager.defined.has(fnId)) parcel.defines.push(fnId);
    manager.defined.add(fnId);
    parcel.grants.push({ taskId, tryNumber, grant });
    parcel.records.push(buffer.subarray(at, end));
  }

  /** As many as one turn should place. */
  get isFull(): boolean {
    return this.#count >= MOST;
  }

  #parcelFor(manager: Manager): Parcel {
    const parcel = this.#parcels.get(manager) ?? { defines: [], grants: [], records: [] };
    this.#parcels.set(manager, parcel);
    return parcel;
  }

  send(effects: Effect[]): void {
    for (const [manager, parcel] of this.#parcels) this.#sendTo(manager, parcel, effects);
  }

  #sendTo(manager: Manager, { defines, grants, records }: Parcel, effects: Effect[]): void {
    const { id, acknowledged, index } = manager;
    for (const fnId of defines) {
      const bytes = this.#core.definitions.get(fnId);
      if (bytes === undefined) log(effects, 'warn', 'tasks name a function that the driver has not defined', { fnId, manager: id });
      else effects.push({ kind: 'sendDefine', manager: id, number: countFrame(manager), acknowledged, fnId, bytes });
    }
    manager.bytesToAcknowledge = 0;
    effects.push({ kind: 'sendGranted', manager: id, number: countFrame(manager), acknowledged, grants, parts: records });
    effects.push({ kind: 'emit', report: { kind: 'granted', index, grants } });
  }
}
