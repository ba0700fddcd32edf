/**
 * A slot's JavaScript tasks in a thread of a piscina pool. One batch at a time, so a slot never has more than one thread.
 */
import type { Piscina } from 'piscina';
import { countRecords, readTaskHeader, recordEnd, RESULT_HEADER_BYTES } from '../../lib/wire/records.ts';
import { killAll, terminateAll, untilGone } from '../workers/process-tree.ts';
import type { Batch, FunctionSource, Runner, RunnerEvents, TaskTag } from '../workers/runner.ts';
import { allocateBatchMemory, BatchMemory } from './batch-memory.ts';
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
  #memory = allocateBatchMemory();
  /** How many tasks of the batch the thread has still to do, and whether some were taken back. */
  #kept = 0;
  #isCut = false;
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

  async #run({ records, count }: Batch): Promise<void> {
    const { pool, slot, events } = this.#options;
    const abort = new AbortController();
    this.#abort = abort;
    this.#ending = undefined;
    this.#isForced = false;
    this.#kept = count;
    this.#isCut = false;
    const memory = this.#memory;
    const shared = new BatchMemory(memory);
    shared.begin();
    let exit = { exitCode: null as number | null, signal: null as string | null, stderrTail: '', finished: Buffer.alloc(0) };
    try {
      const results = await pool.run({ slot, records, definitions: this.#definitionsFor(records), memory }, { signal: abort.signal });
      this.#report(Buffer.from(results.records.buffer, results.records.byteOffset, results.records.byteLength));
      if (!abort.signal.aborted) return;
    } catch (error) {
      exit = {
        exitCode: exitCodeOf(error),
        signal: abort.signal.aborted ? 'SIGKILL' : null,
        stderrTail: String(error),
        finished: shared.finished(),
      };
      // The thread may still be writing to the old one.
      this.#memory = allocateBatchMemory();
    }
    const tag = this.#ending;
    if (tag !== undefined) await untilGone({ tag }, () => this.#isForced);
    events.lost(exit);
  }

  /** What comes back without all its results was ended early. With them, the next batch may begin in here. */
  #report(results: Buffer): void {
    const { events } = this.#options;
    const isShort = countRecords(results, 0, RESULT_HEADER_BYTES) < this.#kept;
    events.results(results);
    if (isShort) events.endedEarly();
  }

  takeBack(): number | undefined {
    if (this.#isCut) return undefined;
    const kept = new BatchMemory(this.#memory).takeBack();
    if (kept === undefined) return undefined;
    this.#isCut = true;
    this.#kept = Math.min(this.#kept, kept);
    return kept;
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
    return new BatchMemory(this.#memory).finished();
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

/** piscina says "worker exited with code: 3" in its message. */
function exitCodeOf(error: unknown): number | null {
  const code = /exited with code: (\d+)/.exec(String(error))?.[1];
  return code === undefined ? null : Number(code);
}
