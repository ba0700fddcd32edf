/** Reading the kernel's own files, most of which exist on some machines only. */
import { readFileSync } from 'node:fs';

/** @returns '' where there is no such file: not Linux, another version of it, or a sandbox without /proc. */
export function readSystemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Callers ask several places in turn and have something to fall back to.
  }
}
