/**
 * Events into batches of records. Owns layouts and times, not files: whoever makes one is handed full batches.
 *
 * The hot path: four records of a no-op task together must cost well under a microsecond.
 */
import { crc32 } from 'node:zlib';
import { pack } from '../wire/value-codec.ts';
import type { RunEvent, TaskCalled, TaskEnded, TryEnded, TryLaunched } from './events.ts';
import {
  APP_KINDS,
  BATCH_BYTES,
  BATCH_HEADER_BYTES,
  BATCH_UNCOUNTED_BYTES,
  RECORD_HEADER_BYTES,
  RecordType,
  TASK_CALLED_BYTES,
  TASK_ENDED_BYTES,
  TASK_STATES,
  TRY_ENDED_BYTES,
  TRY_ENDS,
  TRY_LAUNCHED_BYTES,
} from './format.ts';

export interface EventBatch {
  /** Ready to be written. */
  readonly bytes: Buffer;
  readonly events: number;
}

const NOTHING = Buffer.alloc(0);
const MAX_U32 = 0xffffffff;
/** Workers of blocks that are long gone have names too. */
const MOST_NAMES = 2 ** 17;

export class EventEncoder {
  readonly #full: (batch: EventBatch) => void;
  readonly #mostNames: number;
  readonly #names = new Map<string, number>();
  #slab = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #view = viewOf(this.#slab);
  #end = BATCH_HEADER_BYTES;
  #events = 0;
  /** performance.now() of the batch's time. */
  #begun = 0;
  /** Of the last record, µs since the batch's time. */
  #lastAt = 0;
  /** The record type and the task that may follow within the same moment. */
  #nextType = -1;
  #nextTask = -1;

  /** @param full called with a batch when there is no room for the next event. @param mostNames so many are remembered. */
  constructor(full: (batch: EventBatch) => void, mostNames = MOST_NAMES) {
    this.#full = full;
    this.#mostNames = mostNames;
  }

  add(event: RunEvent): void {
    // Names are given anew then. Never within an event: its numbers would be of before and after.
    if (this.#names.size > this.#mostNames) this.#names.clear();
    switch (event.kind) {
      case 'taskCalled':
        return this.#taskCalled(event);
      case 'tryLaunched':
        return this.#tryLaunched(event);
      case 'tryEnded':
        return this.#tryEnded(event);
      case 'taskEnded':
        return this.#taskEnded(event);
      default:
        this.#append(RecordType.Other, 0, 0, 0, RECORD_HEADER_BYTES, pack(event));
    }
  }

  /** What was added since the last one; undefined if that is nothing. */
  take(): EventBatch | undefined {
    if (this.#events === 0) return undefined;
    const bytes = this.#slab.subarray(0, this.#end);
    bytes.writeUInt32LE(bytes.length - BATCH_UNCOUNTED_BYTES, 0);
    bytes.writeDoubleLE(performance.timeOrigin + this.#begun, BATCH_UNCOUNTED_BYTES);
    bytes.writeUInt32LE(crc32(bytes.subarray(BATCH_UNCOUNTED_BYTES)), 4);
    const batch = { bytes, events: this.#events };
    this.#newSlab(BATCH_BYTES);
    return batch;
  }

  /**
   * Batches were lost, and with them perhaps what numbers stand for: what was added since is no use, and names are given anew.
   * @returns how many events that are.
   */
  discard(): number {
    const events = this.#events;
    this.#names.clear();
    this.#newSlab(BATCH_BYTES);
    return events;
  }

  #taskCalled(called: TaskCalled): void {
    const { taskId, name, app } = called;
    const nameId = this.#nameId(name);
    const { label, parent, after, stdout, stderr } = called;
    const isPlain = label === undefined && parent === undefined && after === undefined && stdout === undefined && stderr === undefined;
    const rest = isPlain ? NOTHING : pack(withoutUndefined({ label, parent, after, stdout, stderr }));
    const at = this.#append(RecordType.TaskCalled, APP_KINDS.indexOf(app), 0, taskId, TASK_CALLED_BYTES, rest);
    this.#view.setUint32(at + RECORD_HEADER_BYTES, nameId, true);
    // Nothing of the user's runs in between, and nothing is waited for.
    if (isPlain && (app === 'js' || app === 'python')) this.#expectNow(RecordType.TryLaunched, taskId);
  }

  #tryLaunched({ taskId, tryNumber, executor }: TryLaunched): void {
    const nameId = this.#nameId(executor);
    const at = this.#append(RecordType.TryLaunched, 0, tryNumber, taskId, TRY_LAUNCHED_BYTES, NOTHING);
    this.#view.setUint32(at + RECORD_HEADER_BYTES, nameId, true);
  }

  #tryEnded({ taskId, tryNumber, outcome, host, worker, startMs, durationUs, usage, error }: TryEnded): void {
    const hostId = this.#nameId(host);
    const workerId = this.#nameId(worker);
    const rest = usage === undefined && error === undefined ? NOTHING : pack(withoutUndefined({ usage, error }));
    const at = this.#append(RecordType.TryEnded, TRY_ENDS.indexOf(outcome), tryNumber, taskId, TRY_ENDED_BYTES, rest);
    const view = this.#view;
    view.setUint32(at + RECORD_HEADER_BYTES, hostId, true);
    view.setUint32(at + RECORD_HEADER_BYTES + 4, workerId, true);
    view.setUint32(at + RECORD_HEADER_BYTES + 8, Math.min(durationUs, MAX_U32), true);
    view.setFloat64(at + RECORD_HEADER_BYTES + 12, startMs, true);
    this.#expectNow(RecordType.TaskEnded, taskId);
  }

  /** Where clocks are slow, reading them is most of what an event costs: a record that follows at once shares the time of the one before. */
  #expectNow(type: number, taskId: number): void {
    this.#nextType = type;
    this.#nextTask = taskId;
  }

  #taskEnded({ taskId, name, state, error, upstream }: TaskEnded): void {
    const nameId = this.#nameId(name);
    const rest = error === undefined && upstream === undefined ? NOTHING : pack(withoutUndefined({ error, upstream }));
    const at = this.#append(RecordType.TaskEnded, TASK_STATES.indexOf(state), 0, taskId, TASK_ENDED_BYTES, rest);
    this.#view.setUint32(at + RECORD_HEADER_BYTES, nameId, true);
  }

  /** Each text is written once, before the first record that names it; never in another batch after a loss. */
  #nameId(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const id = this.#names.size;
    this.#append(RecordType.Name, 0, 0, id, RECORD_HEADER_BYTES, Buffer.from(text));
    // After that: a batch that had to go first may have been lost, and the names with it.
    this.#names.set(text, id);
    return id;
  }

  /** @returns where the record begins; its fields behind the header are the caller's to fill in. */
  #append(type: number, detail: number, tryNumber: number, id: number, fixed: number, rest: Uint8Array): number {
    const size = fixed + rest.length;
    if (this.#end + size > this.#slab.length) this.#makeRoom(size);
    if (type !== this.#nextType || id !== this.#nextTask || this.#events === 0) this.#readClock();
    this.#nextType = -1;
    this.#events++;
    const at = this.#end;
    const view = this.#view;
    view.setUint32(at, size - 4, true);
    view.setUint8(at + 4, type);
    view.setUint8(at + 5, detail);
    view.setUint16(at + 6, tryNumber, true);
    view.setUint32(at + 8, this.#lastAt, true);
    view.setUint32(at + 12, id, true);
    if (rest.length > 0) this.#slab.set(rest, at + fixed);
    this.#end = at + size;
    return at;
  }

  #readClock(): void {
    const now = performance.now();
    if (this.#events === 0) this.#begun = now;
    this.#lastAt = Math.min((now - this.#begun) * 1000, MAX_U32);
  }

  #makeRoom(size: number): void {
    const batch = this.take();
    if (batch) this.#full(batch);
    if (BATCH_HEADER_BYTES + size > BATCH_BYTES) this.#newSlab(BATCH_HEADER_BYTES + size);
  }

  #newSlab(size: number): void {
    this.#slab = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.#slab);
    this.#end = BATCH_HEADER_BYTES;
    this.#events = 0;
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);

const withoutUndefined = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
