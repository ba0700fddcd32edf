/**
 * The files beside one that is not there, for "did you mean".
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @returns paths written as `path` is. */
export function neighbours(path: string): string[] {
  const folder = dirname(path);
  try {
    return readdirSync(folder).map((name) => (path.startsWith('./') ? `./${join(folder, name)}` : join(folder, name)));
  } catch {
    // No such folder either: nothing to suggest.
    return [];
  }
}
