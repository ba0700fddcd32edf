/**
 * Records appended one behind the other and taken as one message. Room for the message's own header is kept in front,
 * so that it goes out in a single write. Slices of one slab: a lone small record costs no allocation of its own.
 */
import { resultHeadSize, TASK_HEADER_BYTES, type ResultHeader, type TaskHeader, writeResultHeader, writeTaskHeader } from './records.ts';

const SLAB_BYTES = 64 * 1024;

export class RecordBuffer {
  readonly #prefix: number;
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  #end: number;
  #count = 0;

  /** @param prefix bytes to keep free in front of the first record. */
  constructor(prefix: number) {
    this.#prefix = prefix;
    this.#end = prefix;
  }

  /** Records since the last take. */
  get count(): number {
    return this.#count;
  }

  /** Bytes since the last take, prefix included. */
  get size(): number {
    return this.#end - this.#start;
  }

  appendTask(header: TaskHeader, context: Uint8Array, args: Uint8Array): void {
    const at = this.#reserve(TASK_HEADER_BYTES + context.length + args.length);
    writeTaskHeader(this.#slab, at, header, args.length);
    if (context.length > 0) this.#slab.set(context, at + TASK_HEADER_BYTES);
    this.#slab.set(args, at + TASK_HEADER_BYTES + context.length);
  }

  /** @returns a view of the record as written, valid until the next take. */
  appendResult(header: ResultHeader, body: Uint8Array): Buffer {
    const headBytes = resultHeadSize(header);
    const size = headBytes + body.length;
    const at = this.#reserve(size);
    writeResultHeader(this.#slab, at, header, body.length);
    this.#slab.set(body, at + headBytes);
    return this.#slab.subarray(at, at + size);
  }

  /** Whole records as they are. */
  appendRaw(records: Uint8Array, count: number): void {
    const at = this.#reserve(records.length);
    this.#slab.set(records, at);
    this.#count += count - 1;
  }

  /** Prefix (unwritten) and records; the buffer is empty after that. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#end = this.#start + this.#prefix;
    if (this.#end + TASK_HEADER_BYTES > this.#slab.length) this.#newSlab(SLAB_BYTES);
    this.#count = 0;
    return taken;
  }

  #reserve(size: number): number {
    const at = this.#end;
    if (at + size > this.#slab.length) return this.#grow(size);
    this.#end = at + size;
    this.#count++;
    return at;
  }

  #grow(size: number): number {
    const { size: used } = this;
    const old = this.#slab.subarray(this.#start, this.#end);
    this.#newSlab(Math.max(SLAB_BYTES, 2 * (used + size)));
    this.#slab.set(old, 0);
    this.#end = used + size;
    this.#count++;
    return used;
  }

  #newSlab(size: number): void {
    this.#slab = Buffer.allocUnsafeSlow(size);
    this.#start = 0;
    this.#end = this.#prefix;
  }
}
