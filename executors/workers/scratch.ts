/**
 * A folder for what lives as long as a supervisor: journals, captured output. In memory where there is such a file system.
 */
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** tmpfs on Linux; a page written there costs 1 µs, and none of it goes to a disk. */
const MEMORY = '/dev/shm';

export function makeScratchDir(): string {
  return mkdtempSync(join(isWritable(MEMORY) ? MEMORY : tmpdir(), 'flotilla-'));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    // Not Linux, or a container without it.
    return false;
  }
}
