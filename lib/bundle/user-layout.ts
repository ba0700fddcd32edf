/**
 * Where the user's files lie in a bundle: as they lie to each other here. The bundle's folder stands for the working directory,
 * so that paths which a script takes from there lead to the same files.
 */
import { statSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { BundleError } from '../errors/bundle-error.ts';
import { type BundleEntry, fileEntry, textEntry } from './bundle-entry.ts';
import { readManifest, scopeOf } from './own-imports.ts';

export interface UserLayout {
  readonly entries: readonly BundleEntry[];
  /** The folder here that the bundle's own stands for. */
  readonly base: string;
}

const RESERVED = new Set(['flotilla', 'node', 'node_modules', 'bundle.json']);

/** @param files absolute paths. @throws BundleError where one is in the way of the bundle's own. */
export function layOutUserFiles(files: readonly string[], script: string | undefined, cwd: string): UserLayout {
  const scripts = files.filter((file) => /\.[cm]?[jt]sx?$/.test(file));
  const scopes = new Set(scripts.map((file) => scopeOf(dirname(file))).filter((scope) => scope !== undefined));
  const base = baseOf(files, script, cwd, [...scopes]);
  const entries = files.filter((file) => basename(file) !== 'package.json').map((file) => entryOf(file, base));
  return { entries: [...entries, ...manifestsOf([...scopes], base)], base };
}

/** What paths start from that modules and packages of one scope name lies within the bundle too. */
function baseOf(files: readonly string[], script: string | undefined, cwd: string, scopes: readonly string[]): string {
  const withOwnImports = scopes.filter((scope) => readManifest(scope).imports !== undefined);
  const folders = [...files.map((file) => dirname(file)), ...withOwnImports];
  const isAtHome = script === undefined || isWithin(script, cwd);
  return commonFolder(isAtHome ? [cwd, ...folders] : folders);
}

function commonFolder([first = sep, ...others]: readonly string[]): string {
  let common = first;
  for (const folder of others) while (!isWithin(folder, common)) common = dirname(common);
  return common;
}

export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

function entryOf(file: string, base: string): BundleEntry {
  const to = relative(base, file);
  const [first = ''] = to.split(sep);
  if (RESERVED.has(first)) {
    const why = first === 'node_modules' ? 'import it by the name of its package' : 'rename it, or put it into a folder';
    throw new BundleError(`${file} would lie at ${to}, and ${first} is the bundle's own; ${why}`);
  }
  return fileEntry(to, 'script', file, (statSync(file).mode & 0o111) !== 0);
}

/** What Node reads of a package.json, and no more: names, scripts and dependencies mean nothing there. */
function manifestsOf(scopes: readonly string[], base: string): BundleEntry[] {
  const manifests = new Map([['package.json', {}]]);
  for (const scope of scopes) {
    const to = isWithin(scope, base) ? relative(base, scope) : '';
    const { type, imports } = readManifest(scope);
    manifests.set(to === '' ? 'package.json' : `${to}/package.json`, { ...(type && { type }), ...(imports && { imports }) });
  }
  return [...manifests].map(([to, fields]) => textEntry(to, 'script', `${JSON.stringify({ private: true, ...fields }, null, 2)}\n`));
}
