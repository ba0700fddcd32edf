/**
 * How a socket reads into memory that is used again: `new Socket({ fd, onread: readAgain(take) })`. By default Node allocates 64 KB for
 * each read, for a lone task of a few bytes too.
 */
import type { OnReadOpts } from 'node:net';

const READ_BYTES = 64 << 10;
/** What fills most of the memory is handed on as it is; views of less must not keep all of it. */
const COPY_BYTES = 48 << 10;

/** @param take told what has come; may keep it. */
export function readAgain(take: (chunk: Buffer) => void): OnReadOpts {
  let memory = Buffer.allocUnsafeSlow(READ_BYTES);
  return {
    buffer: () => memory,
    callback: (bytes) => {
      const chunk = memory.subarray(0, bytes);
      if (bytes <= COPY_BYTES) take(Buffer.from(chunk));
      else {
        memory = Buffer.allocUnsafeSlow(READ_BYTES);
        take(chunk);
      }
      return true;
    },
  };
}
