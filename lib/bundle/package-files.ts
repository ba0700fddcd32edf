/**
 * Which files of a package are needed where it runs: no types, source maps and sources of native code, and native libraries for the
 * bundle's machine only.
 */
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type Target, targetOf } from './target.ts';

export interface PackageFiles {
  /** Relative to the package. */
  readonly files: readonly string[];
  /** Native libraries that were left out, and none that was taken. */
  readonly lacksNative: boolean;
}

const LEFT_OUT_FOLDERS = new Set(['node_modules', '.git', '__pycache__', 'obj.target', '.deps']);
const LEFT_OUT = /\.(map|[cm]?tsx?|tsbuildinfo|flow|md|markdown|cc?|cpp|cxx|hh?|hpp|gypi?|mk|cmake|o|obj|lib|pdb|d)$/i;
const LICENCE = /^(licen[cs]e|notice|copying)/i;

export async function filesOfPackage(folder: string, target: Target): Promise<PackageFiles> {
  const files: string[] = [];
  const native = { taken: 0, refused: 0 };
  for (const file of walk(folder)) {
    if (extname(file) !== '.node') files.push(file);
    else if (await isNativeFor(folder, file, target)) native.taken = files.push(file);
    else native.refused += 1;
  }
  return { files, lacksNative: native.taken === 0 && native.refused > 0 };
}

function* walk(root: string, below = ''): Iterable<string> {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && !LEFT_OUT_FOLDERS.has(entry.name)) yield* walk(root, path);
    else if (entry.isFile() && (LICENCE.test(entry.name) || !LEFT_OUT.test(entry.name))) yield path;
  }
}

/** A library does not say which libc it wants; those that publish several name them in their paths. */
async function isNativeFor(folder: string, file: string, target: Target): Promise<boolean> {
  const found = await targetOf(join(folder, file));
  if (found?.platform !== target.platform || found.arch !== target.arch) return false;
  const named = /\b(musl|glibc)\b/.exec(`${basename(folder)} ${file}`.replaceAll(/[-_]/g, ' '))?.[1];
  return named === undefined || target.libc === undefined ? true : named === target.libc;
}
