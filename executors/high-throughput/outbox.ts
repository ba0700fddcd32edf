/**
 * What goes to the interchange for tries: functions before the first task that names them, tasks, cancellations. Tasks of one turn go
 * out together, one frame per priority.
 */
import type { RegisteredFunction, TryRequest } from '../../lib/executor.ts';
import type { ResourceRequest } from '../../lib/resources/request.ts';
import { FRAME_HEADER_BYTES, FrameType } from '../../lib/wire/frames.ts';
import { RecordBuffer } from '../../lib/wire/record-buffer.ts';
import { beginsGeneration, RequestNumbers } from './resources/request-numbers.ts';

/** Frame header and i16 priority. */
const PREFIX = FRAME_HEADER_BYTES + 2;
/** Beyond this a frame leaves before the turn ends, so that workers can begin. */
const FULL_BYTES = 32 * 1024;

/** Priorities may be as many as tasks. Of more than this the buffers are not kept. */
const MANY_PRIORITIES = 64;

/** The interchange, whichever it is. */
interface Receiver {
  send(type: FrameType, ...parts: Uint8Array[]): void;
  sendTasks(frame: Buffer, priority: number): void;
}

export class Outbox {
  readonly #receiver: Receiver;
  /** Added to the ids of functions. */
  readonly #firstFunction: number;
  readonly #sending: () => void;
  readonly #defined = new Set<number>();
  readonly #requests: RequestNumbers;
  readonly #buffers = new Map<number, RecordBuffer>();
  #planned = false;

  /** @param sending told before tasks leave. */
  constructor(receiver: Receiver, firstFunction: number, sending: () => void) {
    this.#receiver = receiver;
    this.#sending = sending;
    this.#firstFunction = firstFunction;
    this.#requests = new RequestNumbers((number, packed) => this.#defineRequest(number, packed));
  }

  add({ taskId, tryNumber, fn, flags, priority, walltimeMs, resources, context, args }: TryRequest): void {
    const fnId = this.#firstFunction + fn.fnId;
    if (!this.#defined.has(fnId)) this.#define(fnId, fn);
    const requestId = resources === undefined ? 0 : this.#requests.send(resources);
    const buffer = this.#bufferOf(priority);
    buffer.appendTask({ taskId, tryNumber, fnId, flags, contextLength: context.length, walltimeMs, requestId }, context, args);
    if (buffer.size >= FULL_BYTES) this.#send(buffer, priority);
    else if (!this.#planned) this.#plan();
  }

  /** By which number the interchange knows it. */
  requestIdOf(resources: ResourceRequest): number {
    return this.#requests.numberOf(resources);
  }

  #define(fnId: number, { definition }: RegisteredFunction): void {
    this.#defined.add(fnId);
    const id = Buffer.allocUnsafe(4);
    id.writeUInt32LE(fnId, 0);
    this.#receiver.send(FrameType.Define, id, definition);
  }

  #defineRequest(number: number, packed: Buffer): void {
    // Tasks that wait here name numbers that are over with it.
    if (beginsGeneration(number)) this.flush();
    const id = Buffer.allocUnsafe(4);
    id.writeUInt32LE(number, 0);
    this.#receiver.send(FrameType.DefineRequest, id, packed);
  }

  #plan(): void {
    this.#planned = true;
    queueMicrotask(() => this.flush());
  }

  /** Behind the tasks that were added before. */
  cancel(taskId: number, tryNumber: number): void {
    this.flush();
    const pair = Buffer.allocUnsafe(8);
    pair.writeUInt32LE(taskId, 0);
    pair.writeUInt32LE(tryNumber, 4);
    this.#receiver.send(FrameType.Cancel, pair);
  }

  flush(): void {
    this.#planned = false;
    for (const [priority, buffer] of this.#buffers) if (buffer.count > 0) this.#send(buffer, priority);
  }

  #send(buffer: RecordBuffer, priority: number): void {
    this.#sending();
    this.#receiver.sendTasks(buffer.take(), priority);
    if (this.#buffers.size > MANY_PRIORITIES) this.#buffers.delete(priority);
  }

  /** There is another interchange, which knows nothing. What waits is dropped: whoever it was for is gone. */
  startAnew(): void {
    this.#defined.clear();
    this.#requests.forgetSent();
    for (const buffer of this.#buffers.values()) buffer.take();
  }

  #bufferOf(priority: number): RecordBuffer {
    const known = this.#buffers.get(priority);
    if (known) return known;
    const buffer = new RecordBuffer(PREFIX);
    this.#buffers.set(priority, buffer);
    return buffer;
  }
}
