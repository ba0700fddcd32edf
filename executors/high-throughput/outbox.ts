/**
 * Tries on their way to the interchange: those of one turn go out together, one frame per priority.
 */
import type { TryRequest } from '../../lib/executor.ts';
import { FRAME_HEADER_BYTES } from '../../lib/wire/frames.ts';
import { RecordBuffer } from '../../lib/wire/record-buffer.ts';

/** Frame header and i16 priority. */
const PREFIX = FRAME_HEADER_BYTES + 2;
/** Beyond this a frame leaves before the turn ends, so that workers can begin. */
const FULL_BYTES = 32 * 1024;

export class Outbox {
  readonly #send: (frame: Buffer, priority: number) => void;
  readonly #buffers = new Map<number, RecordBuffer>();
  #planned = false;

  constructor(send: (frame: Buffer, priority: number) => void) {
    this.#send = send;
  }

  add({ taskId, tryNumber, fn, flags, priority, context, args }: TryRequest): void {
    const buffer = this.#bufferOf(priority);
    buffer.appendTask({ taskId, tryNumber, fnId: fn.fnId, flags, contextLength: context.length }, context, args);
    if (buffer.size >= FULL_BYTES) this.#send(buffer.take(), priority);
    else if (!this.#planned) this.#plan();
  }

  #plan(): void {
    this.#planned = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.#planned = false;
    for (const [priority, buffer] of this.#buffers) if (buffer.count > 0) this.#send(buffer.take(), priority);
  }

  /** What waits is dropped: whoever it was for is gone. */
  discard(): void {
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
