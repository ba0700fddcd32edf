/**
 * Batches of records back into events. Owns what numbers stand for along a file; reads no file.
 */
import { unpack } from '../wire/value-codec.ts';
import type { Logged, RunEvent, TaskCalled, TaskEnded, TryEnded } from './events.ts';
import {
  APP_KINDS,
  BATCH_HEADER_BYTES,
  BATCH_UNCOUNTED_BYTES,
  RECORD_HEADER_BYTES,
  RecordType,
  TASK_CALLED_BYTES,
  TASK_STATES,
  TRY_ENDED_BYTES,
  TRY_ENDS,
} from './format.ts';

export class EventDecoder {
  readonly #names = new Map<number, string>();

  /** The events of a whole batch, in order; what a later version has added is left out. */
  decode(batch: Buffer): Logged[] {
    const events: Logged[] = [];
    const baseMs = batch.readDoubleLE(BATCH_UNCOUNTED_BYTES);
    for (let at = BATCH_HEADER_BYTES; at < batch.length; ) {
      const end = at + 4 + batch.readUInt32LE(at);
      const atMs = baseMs + batch.readUInt32LE(at + 8) / 1000;
      const event = this.#read(batch, at, end);
      if (event) events.push({ atMs, event });
      const second = this.#readSecond(batch, at);
      if (second) events.push({ atMs, event: second });
      at = end;
    }
    return events;
  }

  #read(bytes: Buffer, at: number, end: number): RunEvent | undefined {
    const body = at + RECORD_HEADER_BYTES;
    const taskId = bytes.readUInt32LE(at + 12);
    const tryNumber = bytes.readUInt16LE(at + 6);
    switch (bytes[at + 4]) {
      case RecordType.Name:
        this.#names.set(taskId, bytes.toString('utf8', body, end));
        return undefined;
      case RecordType.TaskCalled: {
        const app = APP_KINDS[bytes[at + 5] as number] ?? 'js';
        return { kind: 'taskCalled', taskId, name: this.#nameAt(bytes, body), app, ...rest<Partial<TaskCalled>>(bytes, body + 4, end) };
      }
      case RecordType.TaskLaunched: {
        const app = APP_KINDS[bytes[at + 5] as number] ?? 'js';
        return { kind: 'taskCalled', taskId, name: this.#nameAt(bytes, body), app };
      }
      case RecordType.TryLaunched:
        return { kind: 'tryLaunched', taskId, tryNumber, executor: this.#nameAt(bytes, body) };
      case RecordType.TryEnded:
        return { ...this.#tryEnded(bytes, at), ...rest<Partial<TryEnded>>(bytes, at + TRY_ENDED_BYTES, end) };
      case RecordType.TaskDone:
        return this.#tryEnded(bytes, at);
      case RecordType.TaskEnded: {
        const state = TASK_STATES[bytes[at + 5] as number] ?? 'failed';
        return { kind: 'taskEnded', taskId, name: this.#nameAt(bytes, body), state, ...rest<Partial<TaskEnded>>(bytes, body + 4, end) };
      }
      case RecordType.Other:
        return unpack(bytes.subarray(body, end)) as RunEvent;
      default:
        return undefined;
    }
  }

  /** The other event of a record that tells of two. */
  #readSecond(bytes: Buffer, at: number): RunEvent | undefined {
    const taskId = bytes.readUInt32LE(at + 12);
    switch (bytes[at + 4]) {
      case RecordType.TaskLaunched:
        return { kind: 'tryLaunched', taskId, tryNumber: 1, executor: this.#nameAt(bytes, at + TASK_CALLED_BYTES) };
      case RecordType.TaskDone:
        return { kind: 'taskEnded', taskId, name: this.#nameAt(bytes, at + TRY_ENDED_BYTES), state: 'done' };
      default:
        return undefined;
    }
  }

  #tryEnded(bytes: Buffer, at: number): TryEnded {
    const body = at + RECORD_HEADER_BYTES;
    return {
      kind: 'tryEnded',
      taskId: bytes.readUInt32LE(at + 12),
      tryNumber: bytes.readUInt16LE(at + 6),
      outcome: TRY_ENDS[bytes[at + 5] as number] ?? 'failed',
      host: this.#nameAt(bytes, body),
      worker: this.#nameAt(bytes, body + 4),
      durationUs: bytes.readUInt32LE(body + 8),
      startMs: bytes.readDoubleLE(body + 12),
    };
  }

  #nameAt(bytes: Buffer, at: number): string {
    return this.#names.get(bytes.readUInt32LE(at)) ?? '';
  }
}

/** What follows the fields of a record, if anything does. */
function rest<T>(bytes: Buffer, from: number, end: number): T | undefined {
  return from < end ? (unpack(bytes.subarray(from, end)) as T) : undefined;
}
