/**
 * The configs that come with the package, by name.
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside this file, in the source tree and in the build. */
function packagedFolder(): URL | undefined {
  const beside = new URL('./', import.meta.url);
  return existsSync(new URL('local.yaml', beside)) ? beside : undefined;
}

export function packagedNames(): string[] {
  const folder = packagedFolder();
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/** @returns absolute path, or undefined when no config of that name is in the package. */
export function packagedPath(name: string): string | undefined {
  return packagedNames().includes(name) ? fileURLToPath(new URL(`${name}.yaml`, packagedFolder())) : undefined;
}
