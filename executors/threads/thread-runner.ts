/**
 * A slot's JavaScript tasks in a thread of a piscina pool. One batch at a time, so a slot never has more than one thread.
 */
import type { Piscina } from 'piscina';
import { readTaskHeader, recordEnd } from '../../lib/wire/records.ts';
import type { Batch, FunctionSource, Runner, RunnerEvents } from '../workers/runner.ts';
import type { ThreadBatch, ThreadResults } from './thread-entry.ts';

export class ThreadRunner implements Runner {
  readonly #pool: Piscina<ThreadBatch, ThreadResults>;
  readonly #functions: FunctionSource;
  readonly #events: RunnerEvents;
  readonly #slot: number;
  #abort: AbortController | undefined;
  #underWay: Promise<void> | undefined;

  constructor(pool: Piscina<ThreadBatch, ThreadResults>, slot: number, functions: FunctionSource, events: RunnerEvents) {
    this.#pool = pool;
    this.#slot = slot;
    this.#functions = functions;
    this.#events = events;
  }

  run(batch: Batch): void {
    this.#underWay = this.#run(batch);
  }

  async #run(batch: Batch): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    // What was finished before the thread died comes over a shared counter of bytes.
    const journal = new SharedArrayBuffer(JOURNAL_BYTES);
    try {
      const { records } = await this.#pool.run(
        { slot: this.#slot, records: batch.records, definitions: this.#definitionsFor(batch.records), journal },
        { signal: abort.signal },
      );
      this.#events.results(Buffer.from(records.buffer, records.byteOffset, records.byteLength));
    } catch (error) {
      this.#events.lost({ exitCode: exitCodeOf(error), signal: abort.signal.aborted ? 'SIGKILL' : null, stderrTail: String(error), finished: readShared(journal) });
    }
  }

  /** A thread may be a new one: the definitions go along with every batch, by reference once it has them. */
  #definitionsFor(records: Buffer): [number, Buffer][] {
    const found = new Map<number, Buffer>();
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { fnId } = readTaskHeader(records, at);
      if (found.has(fnId)) continue;
      const definition = this.#functions.definition(fnId);
      if (definition) found.set(fnId, definition);
    }
    return [...found];
  }

  kill(): void {
    this.#abort?.abort();
  }

  async close(): Promise<void> {
    this.#abort?.abort();
    await this.#underWay;
  }

  killNow(): void {
    this.#abort?.abort();
  }
}

export const JOURNAL_BYTES = 256 * 1024;

function readShared(journal: SharedArrayBuffer): Buffer {
  const length = Atomics.load(new Int32Array(journal, 0, 1), 0);
  return Buffer.from(new Uint8Array(journal, 4, length));
}

/** piscina says "worker exited with code: 3" in its message. */
function exitCodeOf(error: unknown): number | null {
  const code = /exited with code: (\d+)/.exec(String(error))?.[1];
  return code === undefined ? null : Number(code);
}

