/**
 * What a driver that is started anew has to know of a HighThroughputExecutor whose driver died: where its managers look for an
 * interchange, with which keys, and which blocks they are in. A file for the owner alone, since keys are in it.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProcessIdentity } from '../../lib/process-identity.ts';
import type { AdoptedBlock } from '../blocks/blocks-options.ts';
import type { RunKeys } from './security.ts';

const VERSION = 1;

export interface DurableState {
  /** Of the interchange that managers dial; 0: it was starting, and no manager has its settings yet. */
  readonly port: number;
  /** null: not encrypted. */
  readonly keys: RunKeys | null;
  readonly interchange: ProcessIdentity;
  /** Those that are registered. */
  readonly managers: readonly { readonly managerId: string; readonly blockId: string }[];
  /** Those whose jobs have not ended. */
  readonly blocks: readonly AdoptedBlock[];
  /** How many drivers there were; functions of each have numbers of their own. */
  readonly generation: number;
}

/** @param directory `runinfo/NNN/<label>` */
export const durableStatePath = (directory: string): string => join(directory, 'keys', 'durable.json');

/** Whole or not at all. @throws Error of the file system. */
export function writeDurableState(path: string, state: DurableState): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.part`, JSON.stringify({ version: VERSION, ...state }), { mode: 0o600 });
  renameSync(`${path}.part`, path);
}

/** @returns undefined if there is none. @throws Error that says what is wrong with it. */
export function readDurableState(path: string): DurableState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { version, ...state } = JSON.parse(text) as DurableState & { version: unknown };
  if (version !== VERSION)
    throw new Error(`${path} is of version ${String(version)}, and this release reads ${VERSION}; resume with the release that wrote it`);
  return state;
}
