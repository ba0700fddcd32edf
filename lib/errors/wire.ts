/**
 * WireErrors as bytes: plain MessagePack maps, which Python writes and reads too.
 */
import { Packr } from 'msgpackr';
import { unreadable, type WireError } from './wire-error.ts';

export { encodeError } from './encode-error.ts';
export { reviveError } from './revive-error.ts';
export type { TaskRef } from './task-ref.ts';
export type { WireError } from './wire-error.ts';

// Bodies are views of a frame that is reused, so bytes in them are copied.
const packr = new Packr({ useRecords: false, moreTypes: true, copyBuffers: true, useToJSON: false });

/** @returns bytes of their own. */
export function packWireError(error: WireError): Buffer {
  return Buffer.from(packr.pack(error));
}

/** Never throws: bytes that are no WireError give one that says so. */
export function unpackWireError(body: Uint8Array): WireError {
  try {
    const value: unknown = packr.unpack(body);
    if (isWireError(value)) return value;
    return unreadable(`it is ${typeof value}`);
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, name, message } = value as Partial<WireError>;
  return typeof kind === 'string' && typeof name === 'string' && typeof message === 'string';
}
