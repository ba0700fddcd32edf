/**
 * The two files by which a worker and its supervisor agree how far a batch is: the journal, which the worker writes, and the limit, which
 * the supervisor does. What they mean: docs/decisions/003-batches-and-the-journal.md.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { countInJournal } from './journal.ts';

export class BatchFiles {
  readonly journal: string;
  /** u32 batch, u32 tasks of it that the worker may start. */
  readonly #limit: string;

  /** @param name of the worker. */
  constructor(folder: string, name: string) {
    this.journal = join(folder, `${name}.journal`);
    this.#limit = join(folder, `${name}.limit`);
  }

  /**
   * Empty ones: from now on, a journal that is not there is one that was removed. So may the folder have been: what cleans up behind the
   * jobs of a node empties /dev/shm.
   * @returns what tells the worker where they are.
   * @throws what the file system says.
   */
  make(): Record<string, string> {
    mkdirSync(dirname(this.journal), { recursive: true, mode: 0o700 });
    for (const path of [this.#limit, this.journal]) writeFileSync(path, Buffer.alloc(8), { mode: 0o600 });
    return { FLOTILLA_JOURNAL: this.journal, FLOTILLA_LIMIT: this.#limit };
  }

  finished(batch: number): number | undefined {
    return countInJournal(this.journal, batch);
  }

  writeLimit(batch: number, limit: number): void {
    const word = Buffer.alloc(8);
    word.writeUInt32LE(batch, 0);
    word.writeUInt32LE(limit, 4);
    // Never cut off: the worker may be reading it.
    writeFileSync(this.#limit, word, { flag: 'r+' });
  }

  remove(): void {
    for (const path of [this.journal, this.#limit]) rmSync(path, { force: true });
  }
}
