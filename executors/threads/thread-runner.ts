/**
 * A slot's JavaScript tasks in a thread of a piscina pool. One batch at a time, so a slot never has more than one thread.
 */
import type { Piscina } from 'piscina';
import { readTaskHeader, recordEnd } from '../../lib/wire/records.ts';
import { killAll, terminateAll, untilGone } from '../workers/process-tree.ts';
import type { Batch, FunctionSource, Runner, RunnerEvents, TaskTag } from '../workers/runner.ts';
import type { ThreadBatch, ThreadResults } from './thread-entry.ts';

export interface ThreadRunnerOptions {
  readonly pool: Piscina<ThreadBatch, ThreadResults>;
  readonly slot: number;
  readonly runId: string;
  readonly functions: FunctionSource;
  readonly events: RunnerEvents;
}

export class ThreadRunner implements Runner {
  readonly #options: ThreadRunnerOptions;
  #journal = createJournal();
  #abort: AbortController | undefined;
  #underWay: Promise<void> | undefined;
  /** Tag of what is being ended. */
  #ending: string | undefined;
  #isForced = false;

  constructor(options: ThreadRunnerOptions) {
    this.#options = options;
  }

  run(batch: Batch): void {
    this.#underWay = this.#run(batch);
  }

  async #run({ records }: Batch): Promise<void> {
    const { pool, slot, events } = this.#options;
    const abort = new AbortController();
    this.#abort = abort;
    this.#ending = undefined;
    this.#isForced = false;
    const journal = this.#journal;
    Atomics.store(new Int32Array(journal, 0, 1), 0, 0);
    let exit = { exitCode: null as number | null, signal: null as string | null, stderrTail: '', finished: Buffer.alloc(0) };
    try {
      const results = await pool.run({ slot, records, definitions: this.#definitionsFor(records), journal }, { signal: abort.signal });
      events.results(Buffer.from(results.records.buffer, results.records.byteOffset, results.records.byteLength));
      if (!abort.signal.aborted) return;
    } catch (error) {
      exit = {
        exitCode: exitCodeOf(error),
        signal: abort.signal.aborted ? 'SIGKILL' : null,
        stderrTail: String(error),
        finished: readJournal(journal),
      };
      // The thread may still be writing to the old one.
      this.#journal = createJournal();
    }
    const tag = this.#ending;
    if (tag !== undefined) await untilGone({ tag }, () => this.#isForced);
    events.lost(exit);
  }

  /** A thread may be a new one: the definitions go along with every batch. */
  #definitionsFor(records: Buffer): [number, Buffer][] {
    const found = new Map<number, Buffer>();
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { fnId } = readTaskHeader(records, at);
      if (found.has(fnId)) continue;
      const definition = this.#options.functions.definition(fnId);
      if (definition) found.set(fnId, definition);
    }
    return [...found];
  }

  finished(): Buffer {
    return readJournal(this.#journal);
  }

  /** A thread takes no signal: it is ended at once. The processes that the task has started get theirs. */
  kill(signal: 'SIGTERM' | 'SIGKILL', { taskId }: TaskTag): void {
    const tag = `FLOTILLA_TASK_ID=${this.#options.runId}.${taskId}`;
    this.#ending = tag;
    if (signal === 'SIGTERM') terminateAll({ tag });
    else {
      this.#isForced = true;
      killAll({ tag });
    }
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

const JOURNAL_BYTES = 64 * 1024;
/** Reserved, not used: of addresses there are enough. */
const MAX_JOURNAL_BYTES = 1 << 30;

const createJournal = (): SharedArrayBuffer => new SharedArrayBuffer(JOURNAL_BYTES, { maxByteLength: MAX_JOURNAL_BYTES });

function readJournal(journal: SharedArrayBuffer): Buffer<ArrayBuffer> {
  const length = Atomics.load(new Int32Array(journal, 0, 1), 0);
  return Buffer.from(new Uint8Array(journal, 4, length));
}

/** piscina says "worker exited with code: 3" in its message. */
function exitCodeOf(error: unknown): number | null {
  const code = /exited with code: (\d+)/.exec(String(error))?.[1];
  return code === undefined ? null : Number(code);
}
