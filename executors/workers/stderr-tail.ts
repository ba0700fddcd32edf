/** What a worker wrote to its stderr at last. */
import { fstatSync, readSync } from 'node:fs';

/** A report of Python's has all threads in it, one of Node's a native stack: the reason is at their beginning. */
const STDERR_TAIL_BYTES = 16 * 1024;

/** @param from what stands before it is of other tasks. */
export function readStderrTail(fd: number, from: number): string {
  const size = fstatSync(fd).size;
  const start = Math.max(from, size - STDERR_TAIL_BYTES);
  const tail = Buffer.alloc(Math.max(0, size - start));
  const length = readSync(fd, tail, 0, tail.length, start);
  return tail.toString('utf8', 0, length);
}
