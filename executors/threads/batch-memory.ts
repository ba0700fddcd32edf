/**
 * What a thread and its runner share while a batch is under way: what is finished, should the thread die or a later task take long, and where
 * the batch ends before its end because the rest was taken back. i32 bytes of records, i32 tasks done, i32 tasks that may start; then result records.
 *
 * Taking back needs no time to pass here, unlike in workers/batch-limit.ts: looking costs next to nothing, and is done before every task.
 * The runner writes the limit and then reads how many are done, the thread writes that and then reads the limit.
 */
const [BYTES, DONE, LIMIT, WORDS] = [0, 1, 2, 3];
const RECORDS_AT = 4 * WORDS;
const FIRST_BYTES = 64 * 1024;
/** Reserved, not used: of addresses there are enough. */
const MOST_BYTES = 1 << 30;
const NO_LIMIT = 0x7fffffff;

export const allocateBatchMemory = (): SharedArrayBuffer => new SharedArrayBuffer(FIRST_BYTES, { maxByteLength: MOST_BYTES });

export class BatchMemory {
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
  }

  /** The runner's, before the thread gets the batch. */
  begin(): void {
    Atomics.store(this.#words, BYTES, 0);
    Atomics.store(this.#words, DONE, 0);
    Atomics.store(this.#words, LIMIT, NO_LIMIT);
  }

  /** The thread's. @returns whether it may start another task. */
  append(record: Buffer): boolean {
    const memory = this.#memory;
    const end = RECORDS_AT + Atomics.load(this.#words, BYTES) + record.length;
    if (end > memory.byteLength) memory.grow(Math.min(Math.max(end, 2 * memory.byteLength), memory.maxByteLength));
    new Uint8Array(memory, end - record.length).set(record);
    Atomics.store(this.#words, BYTES, end - RECORDS_AT);
    const done = Atomics.add(this.#words, DONE, 1) + 1;
    return done < Atomics.load(this.#words, LIMIT);
  }

  /** Result records. */
  finished(): Buffer<ArrayBuffer> {
    return Buffer.from(new Uint8Array(this.#memory, RECORDS_AT, Atomics.load(this.#words, BYTES)));
  }

  /** @returns how many tasks, from the beginning, are still the thread's; undefined: it has just started another, and may end early. */
  takeBack(): number | undefined {
    const done = Atomics.load(this.#words, DONE);
    Atomics.store(this.#words, LIMIT, done + 1);
    return Atomics.load(this.#words, DONE) === done ? done + 1 : undefined;
  }
}
