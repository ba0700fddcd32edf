/**
 * Files as parts of keys: by path, size and time of change, or by content. A file is read again only when size or time have changed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { FileState } from './checkpoint-format.ts';

/** How a file argument counts. */
export type FileIdentity = 'mtime' | 'content';

/** Size −1: there is none. */
export function stateOf(path: string): FileState {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? [path, found.size, found.mtimeMs] : [path, -1, 0];
}

export function isUnchanged([path, size, mtimeMs]: FileState): boolean {
  const now = stateOf(path);
  return now[1] === size && now[2] === mtimeMs;
}

export async function contentDigest(path: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path), digest);
  return digest.digest('hex');
}

export class FileContents {
  readonly #known = new Map<string, string>();

  /** What stands for the file as it is now; or the promise to know it, to be asked again then. */
  nameOf(path: string, identity: FileIdentity): string | Promise<unknown> {
    const state = stateOf(path);
    const shown = state.join('\0');
    if (identity === 'mtime' || state[1] < 0 || !isRegular(path)) return shown;
    return this.#known.get(shown) ?? contentDigest(path).then((digest) => this.#known.set(shown, digest));
  }
}

const isRegular = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
