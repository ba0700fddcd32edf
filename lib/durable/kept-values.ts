/**
 * Results that lie in a store, kept for another driver: a second name beside the journal, since the store's file goes when nobody in this
 * process can ask for it any more.
 */
import { copyFileSync, linkSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TryOutcome } from '../executor.ts';
import { decodeStored, encodeStored, isStored } from '../wire/value-codec.ts';
import { DURABLE_FOLDER } from './journal.ts';

/** @returns the outcome as it goes into the journal. @throws Error of the file system. */
export function withKeptValue(outcome: TryOutcome, runDir: string): TryOutcome {
  if (!isStored(outcome.body)) return outcome;
  const folder = join(runDir, DURABLE_FOLDER, 'values');
  const stored = decodeStored(outcome.body);
  const key = join(folder, `${outcome.taskId}-${outcome.tryNumber}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    linkSync(stored.key, key);
  } catch {
    copyFileSync(stored.key, key); // This file system knows no links.
  }
  return { ...outcome, body: encodeStored({ ...stored, key }) };
}

/** Whether the value that an outcome of the journal refers to is as it was. */
export function isValueThere({ body }: TryOutcome): boolean {
  if (!isStored(body)) return true;
  const { key, size } = decodeStored(body);
  return statSync(key, { throwIfNoEntry: false })?.size === size;
}
