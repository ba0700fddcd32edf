/**
 * ZeroMQ messages between interchange and manager, in bytes.
 *
 * To a manager: u8 type, u32 frame number, u32 acknowledged sequence, body. From a manager: u8 type, u32 sequence, body.
 * A message may have several parts, so that large records travel without a copy: the first starts as above, and every further
 * one holds whole records. See docs/decisions/002.
 */
import type { FrameType } from '../../lib/wire/frames.ts';

const TO_MANAGER_HEADER_BYTES = 9;
const FROM_MANAGER_HEADER_BYTES = 5;
/** Records from this size on are a part of their own. */
const OWN_PART_BYTES = 16 << 10;

export interface ToManagerMessage {
  readonly type: number;
  readonly number: number;
  readonly acknowledged: number;
  /** At least one; the first may be empty. */
  readonly parts: readonly Buffer[];
}

export interface FromManagerMessage {
  readonly type: number;
  readonly sequence: number;
  readonly parts: readonly Buffer[];
}

export function encodeToManager(type: FrameType, number: number, acknowledged: number, parts: readonly Buffer[] = []): Buffer[] {
  return joinSmall(TO_MANAGER_HEADER_BYTES, parts, (header) => {
    header[0] = type;
    header.writeUInt32LE(number, 1);
    header.writeUInt32LE(acknowledged, 5);
  });
}

export function encodeFromManager(type: FrameType, sequence: number, parts: readonly Buffer[] = []): Buffer[] {
  return joinSmall(FROM_MANAGER_HEADER_BYTES, parts, (header) => {
    header[0] = type;
    header.writeUInt32LE(sequence, 1);
  });
}

/** Copies runs of small parts together, the first behind the header, and leaves the large ones as they are. */
function joinSmall(headerBytes: number, parts: readonly Buffer[], writeHeader: (header: Buffer) => void): Buffer[] {
  const message: Buffer[] = [];
  let at = 0;
  do {
    let end = at;
    let bytes = message.length === 0 ? headerBytes : 0;
    while (end < parts.length && (parts[end] as Buffer).length < OWN_PART_BYTES) bytes += (parts[end++] as Buffer).length;
    if (bytes > 0) message.push(copyRun(parts, at, end, bytes, message.length === 0 ? headerBytes : 0));
    if (end < parts.length) message.push(parts[end++] as Buffer);
    at = end;
  } while (at < parts.length);
  writeHeader(message[0] as Buffer);
  return message;
}

function copyRun(parts: readonly Buffer[], from: number, to: number, bytes: number, start: number): Buffer {
  const joined = Buffer.allocUnsafe(bytes);
  let at = start;
  for (let i = from; i < to; i++) {
    const part = parts[i] as Buffer;
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @returns undefined if the bytes are no such message. */
export function decodeToManager([head, ...rest]: readonly Buffer[]): ToManagerMessage | undefined {
  if (head === undefined || head.length < TO_MANAGER_HEADER_BYTES) return undefined;
  const parts = withoutEmpty(head.subarray(TO_MANAGER_HEADER_BYTES), rest);
  return { type: head[0] as number, number: head.readUInt32LE(1), acknowledged: head.readUInt32LE(5), parts };
}

/** @returns undefined if the bytes are no such message. */
export function decodeFromManager([head, ...rest]: readonly Buffer[]): FromManagerMessage | undefined {
  if (head === undefined || head.length < FROM_MANAGER_HEADER_BYTES) return undefined;
  return { type: head[0] as number, sequence: head.readUInt32LE(1), parts: withoutEmpty(head.subarray(FROM_MANAGER_HEADER_BYTES), rest) };
}

const withoutEmpty = (first: Buffer, rest: readonly Buffer[]): readonly Buffer[] =>
  first.length === 0 && rest.length > 0 ? rest : [first, ...rest];
