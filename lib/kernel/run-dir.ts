/**
 * The run directory: `runinfo/NNN`, one per kernel, numbered from 000.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Makes the next one. Two drivers that start at once get different ones.
 * @returns its absolute path.
 */
export function makeRunDir(parent: string): string {
  const root = resolve(parent);
  mkdirSync(root, { recursive: true });
  for (let number = nextNumber(root); ; number++) {
    const runDir = join(root, String(number).padStart(3, '0'));
    try {
      mkdirSync(runDir);
      return runDir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function nextNumber(root: string): number {
  const numbers = readdirSync(root)
    .filter((name) => /^\d{3,}$/.test(name))
    .map(Number);
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
}
