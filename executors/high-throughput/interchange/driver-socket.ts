/**
 * The stream to the driver, file descriptor 3.
 *
 * Owns framing, one write per turn of the event loop, and knowing when the kernel has taken what was written.
 */
import { Socket } from 'node:net';
import { Packr } from 'msgpackr/pack';
import { readAgain } from '../../../lib/wire/read-again.ts';
import { encodeFrameHeader, encodeFrame, FRAME_HEADER_BYTES, FrameReader, FrameType } from '../../../lib/wire/frames.ts';

/** Up to this size the frames of a turn are copied into one buffer. */
const COPY_BYTES = 256 << 10;

/** What managers say is in it: a field `toJSON` of theirs is no function to be called. */
const packr = new Packr({ useRecords: false, useToJSON: false });

export interface DriverSocketEvents {
  frame(type: number, body: Buffer): void;
  /** All frames of one read have been told. */
  batchEnded(): void;
  /** The driver closed its end, or died. */
  ended(reason: string): void;
}

export class DriverSocket {
  readonly #socket: Socket;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(fd: number, events: DriverSocketEvents) {
    const reader = new FrameReader();
    const take = (chunk: Buffer): void => {
      try {
        reader.push(chunk, events.frame);
      } catch (error) {
        return void this.#socket.destroy(error as Error);
      }
      events.batchEnded();
    };
    this.#socket = new Socket({ fd, readable: true, writable: true, onread: readAgain(take) });
    let reason = 'the driver is gone';
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      // A driver that dies with something unread resets the connection.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reason = `the connection to the driver failed: ${error.message}`;
    });
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => events.ended(reason));
  }

  get hasPending(): boolean {
    return this.#pendingBytes > 0;
  }

  /** Sent at the next flush. */
  event(event: unknown): void {
    this.#add(encodeFrame(FrameType.Event, packr.pack(event)));
  }

  /** Sent at the next flush. */
  results(managerIndex: number, records: Buffer): void {
    const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES + 4);
    header.set(encodeFrameHeader(FrameType.Results, records.length + 4), 0);
    header.writeUInt32LE(managerIndex, FRAME_HEADER_BYTES);
    this.#add(header);
    this.#add(records);
  }

  /** Sent at the next flush, behind what was added before: the driver says it back once it has kept that. */
  mark(mark: number): void {
    const body = Buffer.allocUnsafe(4);
    body.writeUInt32LE(mark, 0);
    this.#add(encodeFrame(FrameType.Kept, body));
  }

  #add(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  /** @param onWritten called when the kernel has taken everything; not if the driver is gone. */
  flush(onWritten: () => void): void {
    const { length } = this.#pending;
    if (length === 0) return onWritten();
    const done = (error?: Error | null): void => {
      if (!error) onWritten();
    };
    if (length === 1 || this.#pendingBytes <= COPY_BYTES) {
      this.#socket.write(length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending, this.#pendingBytes), done);
    } else {
      this.#socket.cork();
      this.#pending.forEach((bytes, i) => void (i === length - 1 ? this.#socket.write(bytes, done) : this.#socket.write(bytes)));
      this.#socket.uncork();
    }
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  close(): void {
    this.#socket.destroy();
  }
}
