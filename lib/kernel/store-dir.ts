/**
 * Where a kernel keeps values that are too large for messages. It stays until the process ends: results that lie there can be fetched
 * after the kernel is closed.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const closed = new Set<string>();

export const storeDirOf = (runDir: string): string => join(runDir, 'store');

/** @returns its absolute path. */
export function makeStoreDir(runDir: string): string {
  const path = storeDirOf(runDir);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

export function removeStoreDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** One listener for all of them: a process may open kernels without end. */
export function removeStoreDirAtExit(path: string): void {
  if (closed.size === 0) {
    process.once('exit', () => {
      for (const each of closed) removeStoreDir(each);
    });
  }
  closed.add(path);
}
