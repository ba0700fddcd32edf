/**
 * Where a kernel keeps values that are too large for messages. It stays until the process ends: results that lie there can be fetched
 * after the kernel is closed.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StoredValue } from '../task-spec.ts';

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

/**
 * Whether it is a file of one of these stores. What a worker says of where its result lies is not to be believed before: the driver reads that
 * file, and removes it when nobody can ask for it any more.
 */
export function isInStore(stored: unknown, stores: readonly string[]): boolean {
  const key = typeof stored === 'object' && stored !== null ? (stored as Partial<StoredValue>).key : undefined;
  if (typeof key !== 'string') return false;
  return stores.some((store) => dirname(key) === store && join(store, basename(key)) === key && !DOTS.has(basename(key)));
}

const DOTS: ReadonlySet<string> = new Set(['.', '..']);
