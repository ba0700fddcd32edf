/**
 * The end of a text that was cut at some byte, as characters that are whole.
 */
import { TAIL_BYTES } from './spawner-protocol.ts';

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The last bytes of `bytes`, at most `limit`, without the rest of a character whose beginning was cut off. */
export function utf8Tail(bytes: Buffer, limit = TAIL_BYTES): string {
  let from = Math.max(0, bytes.length - limit);
  const mayBeCut = from > 0 || bytes.length === limit;
  for (let skipped = 0; mayBeCut && skipped < 3 && isContinuation(bytes[from]); skipped++) from++;
  return bytes.toString('utf8', from, wholeEnd(bytes));
}

/** Where the last whole character ends: the command may have been killed within one. */
function wholeEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
