/**
 * Between a task's value and what is kept of it. A value that lies in a store gets a second name in the checkpoint's own folder, so
 * that it does not go with the store; so does one that is too large for a record.
 */
import { copyFileSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ResultRecord, ValueFile } from '../memo/checkpoint-format.ts';
import { decodeValue, encodeValue } from '../wire/value-codec.ts';
import { INLINE_LIMIT } from './prepare.ts';
import { isStoredResult, StoredResult } from './stored-result.ts';

const NOTHING = Buffer.alloc(0);

/** What goes into the record, and what has to stay in memory because it does not. */
export interface KeptValue {
  readonly file: ValueFile | undefined;
  readonly value: Buffer;
  readonly live: StoredResult | undefined;
}

const folderOf = (checkpoint: string): string => join(dirname(checkpoint), 'values');
const valuePath = (checkpoint: string, { file }: ValueFile): string => join(folderOf(checkpoint), file);

/**
 * @param checkpoint path of the checkpoint file; undefined where none is written.
 * @throws UnencodableError for what only this process can hold; Error of the file system.
 */
export function keepValue(value: unknown, key: string, checkpoint: string | undefined): KeptValue {
  if (isStoredResult(value)) return keepStored(value, key, checkpoint);
  const body = encodeValue(value);
  if (checkpoint === undefined || body.length <= INLINE_LIMIT) return { file: undefined, value: body, live: undefined };
  const file: ValueFile = { file: key, size: body.length, madeBy: 'js', wasInline: true };
  mkdirSync(folderOf(checkpoint), { recursive: true, mode: 0o700 });
  // Removed first: another name of it may belong to another run.
  rmSync(valuePath(checkpoint, file), { force: true });
  writeFileSync(valuePath(checkpoint, file), body, { mode: 0o600 });
  return { file, value: NOTHING, live: undefined };
}

function keepStored(stored: StoredResult, key: string, checkpoint: string | undefined): KeptValue {
  const {
    madeBy,
    stored: { size },
  } = stored;
  const file: ValueFile = { file: key, size, madeBy, wasInline: false };
  if (checkpoint === undefined) return { file, value: NOTHING, live: stored };
  linkOrCopy(stored.stored.key, valuePath(checkpoint, file));
  return { file, value: NOTHING, live: undefined };
}

/** The value of a record, at once; a large one as what can be fetched. @throws Error if its file is not as it was. */
export function openValue({ meta, value }: ResultRecord, checkpoint: string): unknown {
  if (!meta.value) return decodeValue(value);
  const key = valuePath(checkpoint, meta.value);
  const size = statSync(key, { throwIfNoEntry: false })?.size;
  if (size !== meta.value.size)
    throw new Error(`${key} ${size === undefined ? 'is gone' : `has ${size} bytes`}; it had ${meta.value.size}`);
  if (meta.value.wasInline) return decodeValue(readFileSync(key));
  return new StoredResult({ store: 'file', key, size }, meta.value.madeBy, true);
}

/** From the folder of one checkpoint into that of another. */
export function carryValue({ meta }: ResultRecord, from: string, to: string): void {
  if (meta.value && from !== to) linkOrCopy(valuePath(from, meta.value), valuePath(to, meta.value));
}

function linkOrCopy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    // Another file system, or one without links.
    copyFileSync(from, to);
  }
}
