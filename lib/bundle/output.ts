/**
 * Writes a bundle as a folder or a tar archive: whole or not at all, and over nothing that is not a bundle itself.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, constants, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { BundleError } from '../errors/bundle-error.ts';
import type { BundleEntry } from './bundle-entry.ts';
import { MANIFEST, readBundleManifest } from './manifest.ts';
import { runProgram } from './run-program.ts';
import { isWithin } from './user-layout.ts';

export interface Output {
  /** Absolute. */
  readonly path: string;
  readonly kind: 'folder' | 'tar' | 'tar.gz';
  /** Of the folder, in an archive too. */
  readonly name: string;
}

const ARCHIVE = /\.(tar|tar\.gz|tgz)$/;

/** @param path absolute. @throws BundleError for archives that are not written. */
export function outputAt(path: string): Output {
  const ending = ARCHIVE.exec(path)?.[1];
  if (ending !== undefined)
    return { path, kind: ending === 'tar' ? 'tar' : 'tar.gz', name: basename(path).replace(ARCHIVE, '') || 'bundle' };
  if (/\.(tar\.\w+|txz|tbz2?|zip)$/.test(path)) throw new BundleError(`-o ${path}: a bundle is written as a folder, .tar, .tar.gz or .tgz`);
  return { path, kind: 'folder', name: basename(path) };
}

/**
 * @param kept paths that must outlive what is replaced.
 * @throws BundleError if something is there that is not a bundle, or more than one; with `force`, only if it holds what is `kept`.
 */
export async function requireFree(output: Output, force: boolean, kept: readonly string[]): Promise<void> {
  if (!existsSync(output.path)) return requireFolder(dirname(output.path));
  const inside = [homedir(), ...kept].find((path) => isWithin(path, output.path));
  if (inside !== undefined) throw new BundleError(`-o ${output.path}: ${inside} lies in it; name a folder that is not there yet`);
  const problem = force ? undefined : await whyNotReplaced(output);
  if (problem !== undefined) throw new BundleError(`-o ${output.path} exists and ${problem}; name another, or replace it with --force`);
}

function requireFolder(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new BundleError(`there is no folder ${folder} to put the bundle into`);
}

async function whyNotReplaced({ path, kind }: Output): Promise<string | undefined> {
  const isFolder = statSync(path).isDirectory();
  if (isFolder !== (kind === 'folder')) return `is ${isFolder ? 'a folder' : 'a file'}`;
  if (!isFolder) return (await isBundleArchive(path)) ? undefined : 'is no bundle';
  if (readdirSync(path).length === 0) return undefined;
  const manifest = readBundleManifest(path);
  if (manifest === undefined) return 'is no bundle';
  const known = new Set([MANIFEST, ...manifest.files]);
  const strangers = filesIn(path).filter((file) => !known.has(file) && !file.includes('__pycache__/'));
  return strangers.length === 0
    ? undefined
    : `holds ${strangers.length} file(s) that are not of the bundle (${strangers.slice(0, 3).join(', ')})`;
}

async function isBundleArchive(path: string): Promise<boolean> {
  const names = await runProgram('tar', ['-tf', path]).catch(() => '');
  return names.split('\n').some((name) => /^[^/]+\/bundle\.json$/.test(name));
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

export async function writeBundle({ path, kind, name }: Output, entries: readonly BundleEntry[]): Promise<void> {
  const unfinished = `${path}.part-${process.pid}`;
  try {
    const folder = kind === 'folder' ? unfinished : join(unfinished, name);
    for (const entry of entries) await writeEntry(join(folder, entry.to), entry);
    const finished = kind === 'folder' ? folder : await pack(unfinished, name, kind);
    await rm(path, { recursive: true, force: true });
    await rename(finished, path);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function writeEntry(path: string, { content, isProgram }: BundleEntry): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if ('text' in content) await writeFile(path, content.text);
  // A clone where the file system can: Node is large.
  else await copyFile(content.file, path, constants.COPYFILE_FICLONE);
  await chmod(path, isProgram ? 0o755 : 0o644);
}

async function pack(unfinished: string, name: string, kind: Output['kind']): Promise<string> {
  const archive = join(unfinished, 'archive');
  await runProgram('tar', [kind === 'tar' ? '-cf' : '-czf', archive, '-C', unfinished, name]);
  return archive;
}
