/**
 * A JavaScript worker as a thread: piscina calls the default export with a batch of task records.
 */
import { RecordBuffer } from '../../lib/wire/record-buffer.ts';
import { recordEnd } from '../../lib/wire/records.ts';
import { TaskExecutor } from '../workers/js/execute.ts';
import { FunctionTable } from '../workers/js/functions.ts';
import { Surroundings } from '../workers/js/surroundings.ts';
import { measureThread } from '../workers/js/usage.ts';

export interface ThreadBatch {
  readonly slot: number;
  readonly records: Uint8Array;
  readonly definitions: readonly (readonly [fnId: number, definition: Uint8Array])[];
  /** Growable. i32 length, then result records: what is finished, should the thread die or a later task take long. */
  readonly journal: SharedArrayBuffer;
}

export interface ThreadResults {
  readonly records: Uint8Array;
}

const functions = new FunctionTable();
const results = new RecordBuffer(0);
const surroundings = new Surroundings(process.env.FLOTILLA_RUN_ID ?? '');
const meter = measureThread();
const executors = new Map<number, TaskExecutor>();

process.on('uncaughtException', onStrayError);
process.on('unhandledRejection', onStrayError);

function onStrayError(error: unknown): void {
  for (const executor of executors.values()) if (executor.interrupt(error)) return;
  console.error('after its task had ended, an app threw:', error);
}

function executorOf(slot: number): TaskExecutor {
  const known = executors.get(slot);
  if (known) return known;
  const executor = new TaskExecutor({ functions, results, meter, surroundings, worker: slot, storeDir: undefined });
  executors.set(slot, executor);
  return executor;
}

function append(journal: SharedArrayBuffer, length: Int32Array, record: Buffer): void {
  const end = 4 + Atomics.load(length, 0) + record.length;
  if (end > journal.byteLength) journal.grow(Math.min(Math.max(end, 2 * journal.byteLength), journal.maxByteLength));
  new Uint8Array(journal, end - record.length).set(record);
  Atomics.store(length, 0, end - 4);
}

export default async function runBatch({ slot, records, definitions, journal }: ThreadBatch): Promise<ThreadResults> {
  for (const [fnId, definition] of definitions) functions.define(fnId, definition);
  const executor = executorOf(slot);
  const batch = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const length = new Int32Array(journal, 0, 1);
  meter.begin();
  for (let at = 0; at < batch.length; at = recordEnd(batch, at)) {
    const outcome = executor.run(batch, at);
    const record = outcome instanceof Buffer ? outcome : await outcome;
    append(journal, length, record);
  }
  // A copy of its own: the slab is used again.
  return { records: Uint8Array.from(results.take()) };
}
