/**
 * Files that a text names beside its imports: a Python file of an app, a config, a shell script. By their endings, in strings,
 * templates and comments alike; what is not there is no file of the user's. A file too many costs little, one too few the run.
 */
import { resolve } from 'node:path';
import { isFile } from '../memo/code/source-files.ts';

const NAMED = /(?:\.{1,2}\/)*[\w@+-][\w@+./-]*\.(?:py|ya?ml|sh|bash|pl|[cm]?[jt]s)\b/g;

/** @param folders where relative paths may lead from. @returns absolute paths. */
export function findNamedFiles(text: string, folders: readonly string[]): string[] {
  const words = new Set([...text.matchAll(NAMED)].filter(({ index }) => text[index - 1] !== '/').map(([word]) => word));
  const paths = [...words].flatMap((word) =>
    folders
      .map((folder) => resolve(folder, word))
      .filter(isFile)
      .slice(0, 1),
  );
  return [...new Set(paths)];
}
