/**
 * Specifiers such as '#field': what a package's own package.json says they stand for.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

export const readManifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** The folder of the package.json that counts for files of `folder`, as Node looks for it. */
export function scopeOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** Every file or package that `specifier` may stand for, under whatever condition: absolute paths and names of packages. */
export function targetsOfOwnImport(specifier: string, scope: string): string[] {
  for (const [key, value] of Object.entries(readManifest(scope).imports ?? {})) {
    const [start = '', end] = key.split('*');
    const isMatch = end === undefined ? specifier === key : specifier.startsWith(start) && specifier.endsWith(end);
    if (!isMatch) continue;
    const part = end === undefined ? '' : specifier.slice(start.length, specifier.length - end.length);
    return stringsIn(value).map((target) => (target.startsWith('.') ? resolve(scope, target.replaceAll('*', part)) : target));
  }
  return [];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
