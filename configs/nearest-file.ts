/**
 * " Did you mean …?" for a file that is not there: the nearest name in its folder.
 */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { nearest } from '../lib/suggest.ts';

/** Nothing, or a question to be put behind a sentence; the path in it is written as `path` is. */
export function didYouMeanFile(path: string): string {
  const name = basename(path);
  const folder = path.slice(0, path.length - name.length);
  const found = nearest(name, namesIn(folder === '' ? '.' : folder));
  return found === undefined ? '' : ` Did you mean '${folder}${found}'?`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No such folder either: nothing to suggest.
    return [];
  }
}
