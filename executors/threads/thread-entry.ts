/**
 * A JavaScript worker as a thread: piscina calls the default export with a batch of task records.
 */
import { RecordBuffer } from '../../lib/wire/record-buffer.ts';
import { recordEnd } from '../../lib/wire/records.ts';
import { TaskExecutor } from '../workers/js/execute.ts';
import { FunctionTable } from '../workers/js/functions.ts';
import { Surroundings } from '../workers/js/surroundings.ts';
import { measureThread } from '../workers/js/usage.ts';
import { BatchMemory } from './batch-memory.ts';

export interface ThreadBatch {
  readonly slot: number;
  readonly records: Uint8Array;
  readonly definitions: readonly (readonly [fnId: number, definition: Uint8Array])[];
  /** See batch-memory.ts. */
  readonly memory: SharedArrayBuffer;
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

export default async function runBatch({ slot, records, definitions, memory }: ThreadBatch): Promise<ThreadResults> {
  for (const [fnId, definition] of definitions) functions.define(fnId, definition);
  const executor = executorOf(slot);
  const batch = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const shared = new BatchMemory(memory);
  meter.begin();
  for (let at = 0; at < batch.length; at = recordEnd(batch, at)) {
    const outcome = executor.run(batch, at);
    const record = outcome instanceof Buffer ? outcome : await outcome;
    if (!shared.append(record)) break;
  }
  // A copy of its own: the slab is used again.
  return { records: Uint8Array.from(results.take()) };
}
