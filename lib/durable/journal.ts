/**
 * The journal that a durable run writes: what another driver has to know when this one dies. What is in it has survived a kill −9.
 */
import { basename, join } from 'node:path';
import type { TryOutcome } from '../executor.ts';
import { CheckpointWriter } from '../memo/checkpoint-writer.ts';
import { MAX_RECORD_BYTES } from '../memo/records.ts';
import { encodeEnded, encodeHeader, encodeLaunched, type Launched } from './journal-format.ts';

/** In a run directory. */
export const DURABLE_FOLDER = 'durable';

export const journalPathOf = (runDir: string): string => join(runDir, DURABLE_FOLDER, 'journal');

export interface JournalOptions {
  /** Absolute. */
  readonly runDir: string;
  /** The disk refuses: told once until it takes some again. */
  readonly onRefused: (error: Error) => void;
}

export class Journal {
  readonly #writer: CheckpointWriter;
  #isFlushDue = false;

  constructor({ runDir, onRefused }: JournalOptions) {
    const header = { run: basename(runDir) };
    this.#writer = new CheckpointWriter({ path: journalPathOf(runDir), header: () => encodeHeader(header), onRefused });
  }

  /** Written when the microtasks of this turn are done, or at `flush`: before any worker can have the try. */
  launched(launched: Launched): void {
    this.#add(encodeLaunched(launched));
    this.#flushSoon();
  }

  /** Written when the microtasks of this turn are done, which is before the executor is told that it is kept. */
  ended(outcome: TryOutcome): void {
    const record = encodeEnded(outcome);
    if (record.length > MAX_RECORD_BYTES) return; // Only where a worker had no store for it; the task runs again then.
    this.#add(record);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.#isFlushDue = false;
    this.#writer.flush();
  }

  #add(body: Buffer): void {
    this.#writer.add({ body, written: () => undefined });
  }

  /** Synchronous: the process may be about to end. */
  close(): void {
    this.#writer.close();
  }
}
