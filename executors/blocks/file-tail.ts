/** The end of a log file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** At most the last `bytes` of the file as text; '' when it cannot be read. Synchronous: it is wanted when something has failed. */
export function readTail(path: string, bytes: number): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return ''; // The job never came so far as to have one.
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(fd);
  }
}
