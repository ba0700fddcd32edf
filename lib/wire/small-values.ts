/**
 * Values of a byte or three in MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md): what tasks return that return next to
 * nothing. A parser costs half a kilobyte of garbage for each.
 */

export const NOT_SMALL = Symbol('no small value');

/** What stands in `bytes` from 1 on, behind the tag. @returns NOT_SMALL if that takes more than a look. */
export function readSmall(bytes: Uint8Array): unknown {
  if (bytes.length === 4 && bytes[1] === 0xd4 && bytes[2] === 0 && bytes[3] === 0) return undefined; // As msgpackr has it.
  if (bytes.length !== 2) return NOT_SMALL;
  const byte = bytes[1] as number;
  if (byte < 0x80) return byte;
  if (byte >= 0xe0) return byte - 0x100;
  switch (byte) {
    case 0x90:
      return [];
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    default:
      return NOT_SMALL;
  }
}
