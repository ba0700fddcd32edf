/**
 * What a driver that is started anew has to know of a HighThroughputExecutor whose driver died: where its managers look for an
 * interchange, with which keys, and which blocks they are in. A file for the owner alone, since keys are in it.
 */
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from '../../lib/private-file.ts';
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
  /** Used of maxNodeHours by the others. */
  readonly spentNodeMs?: number | undefined;
  /** How many drivers there were; functions of each have numbers of their own. */
  readonly generation: number;
}

/** @param directory `runinfo/NNN/<label>` */
export const durableStatePath = (directory: string): string => join(directory, 'keys', 'durable.json');

/** Whole or not at all. @throws Error of the file system. */
export const writeDurableState = (path: string, state: DurableState): void =>
  writePrivateFile(path, JSON.stringify({ version: VERSION, ...state }));

/** @returns undefined if there is none. @throws Error that says what is wrong with it. */
export function readDurableState(path: string): DurableState | undefined {
  let text: string;
  try {
    text = readPrivateFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { version, ...state } = parse(path, text);
  if (version !== VERSION)
    throw new Error(`${path} is of version ${String(version)}, and this release reads ${VERSION}; resume with the release that wrote it`);
  return state;
}

/** What JSON.parse says of a wrong text repeats some of it, and there are keys in it. */
function parse(path: string, text: string): DurableState & { readonly version: unknown } {
  try {
    return JSON.parse(text) as DurableState & { readonly version: unknown };
  } catch {
    throw new Error(`${path} is not what a driver writes`);
  }
}
