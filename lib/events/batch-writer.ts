/**
 * Records into batches, in memory. Owns layouts of batches and record headers and the times of records; knows neither events nor files.
 */
import { crc32 } from 'node:zlib';
import { momentNow } from '../moment.ts';
import { BATCH_BYTES, BATCH_HEADER_BYTES, BATCH_UNCOUNTED_BYTES } from './format.ts';

export interface EventBatch {
  /** Ready to be written. */
  readonly bytes: Buffer;
  readonly events: number;
}

export interface BatchReceiver {
  /** The first record of a batch is about to be added. */
  begun?(): void;
  /** There is no room for the next record in this one. */
  full(batch: EventBatch): void;
}

const MAX_U32 = 0xffffffff;
const FIELD_BYTES = 4;
const CLOSED = -1;

export class BatchWriter {
  readonly #to: BatchReceiver;
  #slab = Buffer.allocUnsafeSlow(BATCH_BYTES);
  /** Of the batch at hand. */
  view = viewOf(this.#slab);
  #end = BATCH_HEADER_BYTES;
  #events = 0;
  /** Where the record begins that may be extended. */
  #openAt = CLOSED;
  /** performance.now() of the batch's time. */
  #begun = 0;

  constructor(to: BatchReceiver) {
    this.#to = to;
  }

  /**
   * @param fixed bytes of the record up to `rest`: those behind the header are the caller's to fill in.
   * @returns where the record begins in `view`.
   */
  append(type: number, detail: number, tryNumber: number, id: number, fixed: number, rest: Uint8Array): number {
    const size = fixed + rest.length;
    if (this.#end + size > this.#slab.length) this.#makeRoom(size);
    const atUs = this.#readClock();
    this.#events++;
    this.#openAt = CLOSED;
    const at = this.#end;
    const { view } = this;
    view.setUint32(at, size - 4, true);
    view.setUint8(at + 4, type);
    view.setUint8(at + 5, detail);
    view.setUint16(at + 6, tryNumber, true);
    view.setUint32(at + 8, atUs, true);
    view.setUint32(at + 12, id, true);
    if (rest.length > 0) this.#slab.set(rest, at + fixed);
    this.#end = at + size;
    return at;
  }

  /** The record at `at`, the last one, may be followed at once by an event that fits behind it. */
  leaveOpen(at: number): void {
    this.#openAt = at;
  }

  /**
   * Where the last record was left open, is of type `from` and of that id: it tells of one event more from now on, is of type `to` and one
   * field longer. @returns whether it does.
   */
  extend(from: number, to: number, id: number, field: number): boolean {
    const { view } = this;
    const [at, end] = [this.#openAt, this.#end];
    if (at < 0 || view.getUint8(at + 4) !== from || view.getUint32(at + 12, true) !== id) return false;
    if (end + FIELD_BYTES > this.#slab.length) return false;
    this.#openAt = CLOSED;
    view.setUint32(at, end + FIELD_BYTES - at - 4, true);
    view.setUint8(at + 4, to);
    view.setUint32(end, field, true);
    this.#end = end + FIELD_BYTES;
    this.#events++;
    return true;
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

  /** What was added since the last batch is no use. @returns how many events that are. */
  discard(): number {
    const events = this.#events;
    this.#newSlab(BATCH_BYTES);
    return events;
  }

  /** @returns µs since the batch's time. */
  #readClock(): number {
    const now = momentNow();
    if (this.#events === 0) {
      this.#begun = now;
      this.#to.begun?.();
    }
    return Math.min((now - this.#begun) * 1000, MAX_U32);
  }

  #makeRoom(size: number): void {
    const batch = this.take();
    if (batch) this.#to.full(batch);
    if (BATCH_HEADER_BYTES + size > BATCH_BYTES) this.#newSlab(BATCH_HEADER_BYTES + size);
  }

  #newSlab(size: number): void {
    this.#slab = Buffer.allocUnsafeSlow(size);
    this.view = viewOf(this.#slab);
    this.#end = BATCH_HEADER_BYTES;
    this.#events = 0;
    this.#openAt = CLOSED;
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);
