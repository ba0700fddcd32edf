/**
 * Frames on a byte stream (Unix sockets and pipes): u32 length of what follows, u8 type, body.
 *
 * Owns cutting a stream into frames. Knows nothing of what a body holds.
 */

export const FrameType = {
  /** Worker → manager, once: MessagePack `{ protocol, pid, … }`. */
  Hello: 1,
  /** u32 fnId, then a MessagePack Definition. Sent once per peer before the first task that names it. */
  Define: 2,
  /** Task records; what precedes them differs per link, see docs/decisions/002. */
  Tasks: 3,
  /** Result records; what precedes them differs per link. */
  Results: 4,
  /** Pairs of u32 taskId, u32 try. */
  Cancel: 5,
  /** MessagePack. */
  Event: 6,
  /** Leave: finish nothing, be gone. */
  Shutdown: 7,
  /** No new tasks; leave when the running ones are done. MessagePack `{ block }` or `{ manager }` where it goes through the interchange. */
  Drain: 8,
  Heartbeat: 9,
  Register: 10,
  Registered: 11,
  Refused: 12,
  WhoAreYou: 13,
  Probe: 14,
  ProbeReply: 15,
  Left: 16,
  /** Driver → a new interchange after a crash: MessagePack, see docs/decisions/002. */
  Recover: 17,
  /** Interchange → driver behind results, and back when they are kept: u32 mark. */
  Kept: 18,
  /** Driver → interchange: u32 requestId, then a MessagePack ResourceRequest. Sent once, before the first task that names it. */
  DefineRequest: 19,
  /** Interchange → manager: MessagePack SlotLease. */
  Lease: 20,
  /** Interchange → manager: u32 length, MessagePack TaskGrant[] of that length, task records in the same order. */
  Granted: 21,
  /** Interchange → manager: pairs of u32 taskId, u32 try. Kill whatever of these runs on the node, though another one's manager was given them, and say so by results. */
  Clear: 22,
  /** Interchange → manager: u32, give back up to so many tasks that have not been started. */
  Recall: 30,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const FRAME_HEADER_BYTES = 5;

/** Largest frame accepted: a value beyond this travels by reference. */
export const MAX_FRAME_BYTES = 1 << 30;

export interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

/** One frame in one buffer. */
export function encodeFrame(type: FrameType, ...parts: Uint8Array[]): Buffer {
  let length = 1;
  for (const part of parts) length += part.length;
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32LE(length, 0);
  frame[4] = type;
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** The frame's first five bytes alone, for writing a large body behind it without a copy. */
export function encodeFrameHeader(type: FrameType, bodyLength: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(bodyLength + 1, 0);
  header[4] = type;
  return header;
}

/** Cuts a stream into frames. Bodies are views where a frame lies within one chunk. */
export class FrameReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #wanted = 0;

  /** @throws RangeError if the stream announces a frame that is empty or larger than {@link MAX_FRAME_BYTES}. */
  push(chunk: Buffer, onFrame: (type: number, body: Buffer) => void): void {
    if (this.#pendingBytes > 0) {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
      if (this.#pendingBytes < Math.max(this.#wanted, 4)) return;
      chunk = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending, this.#pendingBytes);
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    let at = 0;
    while (chunk.length - at >= 4) {
      const length = chunk.readUInt32LE(at);
      if (length === 0 || length > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${length} bytes is not one of ours`);
      this.#wanted = 4 + length;
      if (chunk.length - at < this.#wanted) break;
      onFrame(chunk[at + 4] ?? 0, chunk.subarray(at + FRAME_HEADER_BYTES, at + this.#wanted));
      at += this.#wanted;
      this.#wanted = 0;
    }
    if (at < chunk.length) {
      this.#pending.push(at === 0 ? chunk : chunk.subarray(at));
      this.#pendingBytes = chunk.length - at;
    }
  }
}
