/**
 * bundle.json: what a bundle says of itself, by which it is also known to be one.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleEntry } from './bundle-entry.ts';
import type { Target } from './target.ts';

export const MANIFEST = 'bundle.json';
const FORMAT = 1;

export interface BundleManifest {
  /** Of this file. */
  readonly flotillaBundle: number;
  readonly flotilla: string;
  readonly node: { readonly version: string | undefined } & Target;
  /** Path of the script in the bundle. */
  readonly script?: string;
  /** Hex SHA-256 of all paths and contents: bundles of the same digest hold the same. */
  readonly digest: string;
  /** ISO 8601. */
  readonly made: string;
  /** Every other file. */
  readonly files: readonly string[];
}

export const newManifest = (fields: Omit<BundleManifest, 'flotillaBundle' | 'made'>): BundleManifest => ({
  flotillaBundle: FORMAT,
  made: new Date().toISOString(),
  ...fields,
});

/** @returns undefined if the folder is no bundle, or one of another format. */
export function readBundleManifest(folder: string): BundleManifest | undefined {
  try {
    const read = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as Partial<BundleManifest> | null;
    return read?.flotillaBundle === FORMAT && Array.isArray(read.files) ? (read as BundleManifest) : undefined;
  } catch {
    // Not there, or not ours.
    return undefined;
  }
}

export async function digestOfEntries(entries: readonly BundleEntry[]): Promise<string> {
  const all = createHash('sha256');
  for (const { to, content, isProgram } of entries.toSorted((a, b) => (a.to < b.to ? -1 : 1))) {
    all.update(`${to}\0${isProgram ? 'x' : ''}\0${'file' in content ? await digestOfFile(content.file) : digestOfText(content.text)}\n`);
  }
  return all.digest('hex');
}

const digestOfText = (text: string): string => createHash('sha256').update(text).digest('hex');

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
