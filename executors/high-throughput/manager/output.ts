/** What a manager prints: the block's stdout and stderr take it. */
import { writeSync } from 'node:fs';
import { hostname } from 'node:os';

export const log = (message: string): void => print(1, `${new Date().toISOString()} ${message}\n`);

export const complain = (message: string): void => print(2, `flotilla manager on ${hostname()}: ${message}\n`);

function print(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch {
    // A full disk or a closed pipe must not end the tasks.
  }
}
