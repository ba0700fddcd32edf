/**
 * A result that lies in a store: fetched when someone asks for it, handed on by reference when a task does.
 */
import { unlink } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { StoredValue } from '../task-spec.ts';
import { decodeValue } from '../wire/value-codec.ts';

/** A result that nobody can ask for any more needs no file: a campaign of large results must not fill the disk. */
const forgotten = new FinalizationRegistry((key: string) => unlink(key, () => undefined));

export class StoredResult {
  readonly stored: StoredValue;
  /** Kind of the app that made it: the same kind can read the file as it is. */
  readonly madeBy: 'js' | 'python';
  #value: Promise<unknown> | undefined;

  /** @param isKept whether its file belongs to a checkpoint and outlives it. */
  constructor(stored: StoredValue, madeBy: 'js' | 'python', isKept = false) {
    this.stored = stored;
    this.madeBy = madeBy;
    if (!isKept) forgotten.register(this, stored.key);
  }

  /** @throws Error naming the file if it cannot be read. */
  fetch(): Promise<unknown> {
    this.#value ??= this.#read();
    return this.#value;
  }

  async #read(): Promise<unknown> {
    const { key, size } = this.stored;
    const bytes = await readFile(key).catch((cause: unknown) => {
      throw new Error(`a result of ${size} bytes was left in ${key}, which cannot be read; is the run directory still there?`, { cause });
    });
    return decodeValue(bytes);
  }
}

export const isStoredResult = (value: unknown): value is StoredResult => value instanceof StoredResult;
