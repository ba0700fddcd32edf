/**
 * Events into records, and what texts are numbers for. Owns layouts of fields, not batches: whoever makes one is handed full ones.
 *
 * The hot path: what every task has (called, launched, try done, done) comes in fields instead of objects, and makes two records.
 */
import { pack } from '../wire/value-codec.ts';
import { type BatchReceiver, BatchWriter, type EventBatch } from './batch-writer.ts';
import type { AppKind, RunEvent, TaskCalled, TaskEnded, TryEnded } from './events.ts';
import {
  APP_KINDS,
  RECORD_HEADER_BYTES,
  RecordType,
  TASK_CALLED_BYTES,
  TASK_ENDED_BYTES,
  TASK_STATES,
  TRY_ENDED_BYTES,
  TRY_ENDS,
  TRY_LAUNCHED_BYTES,
} from './format.ts';

const NOTHING = Buffer.alloc(0);
const MAX_U32 = 0xffffffff;
/** Workers of blocks that are long gone have names too. */
const MOST_NAMES = 2 ** 17;
const TRY_DONE = TRY_ENDS.indexOf('done');
const TASK_DONE = TASK_STATES.indexOf('done');

/** Most events name what the one before them did: its number is at hand without looking it up. */
class LastName {
  text: string | undefined;
  id = 0;
}

export class EventEncoder {
  readonly #batch: BatchWriter;
  readonly #mostNames: number;
  readonly #names = new Map<string, number>();
  readonly #app = new LastName();
  readonly #executor = new LastName();
  readonly #host = new LastName();
  readonly #worker = new LastName();

  /** @param mostNames so many are remembered. */
  constructor(to: BatchReceiver, mostNames = MOST_NAMES) {
    this.#batch = new BatchWriter(to);
    this.#mostNames = mostNames;
  }

  /** What was added since the last batch; undefined if that is nothing. */
  take(): EventBatch | undefined {
    return this.#batch.take();
  }

  /**
   * Batches were lost, and with them perhaps what numbers stand for: what was added since is no use, and names are given anew.
   * @returns how many events that are.
   */
  discard(): number {
    this.#forgetNames();
    return this.#batch.discard();
  }

  // --- what every task has

  taskCalled(taskId: number, name: string, app: AppKind): void {
    const at = this.#appendCalled(taskId, name, app, NOTHING);
    // Nothing of the user's runs between these and their launch, and nothing is waited for.
    if (app === 'js' || app === 'python') this.#batch.leaveOpen(at);
  }

  tryLaunched(taskId: number, tryNumber: number, executor: string): void {
    const nameId = this.#idOf(executor, this.#executor);
    if (tryNumber === 1 && this.#batch.extend(RecordType.TaskCalled, RecordType.TaskLaunched, taskId, nameId)) return;
    const at = this.#batch.append(RecordType.TryLaunched, 0, tryNumber, taskId, TRY_LAUNCHED_BYTES, NOTHING);
    this.#batch.view.setUint32(at + RECORD_HEADER_BYTES, nameId, true);
  }

  tryDone(taskId: number, tryNumber: number, host: string, worker: string, startMs: number, durationUs: number): void {
    this.#batch.leaveOpen(this.#appendTryEnded(taskId, tryNumber, TRY_DONE, host, worker, startMs, durationUs, NOTHING));
  }

  taskDone(taskId: number, name: string): void {
    const nameId = this.#idOf(name, this.#app);
    if (this.#batch.extend(RecordType.TryEnded, RecordType.TaskDone, taskId, nameId)) return;
    this.#appendEnded(taskId, TASK_DONE, nameId, NOTHING);
  }

  // --- the same, and everything else, in objects

  add(event: RunEvent): void {
    switch (event.kind) {
      case 'taskCalled':
        return this.#addCalled(event);
      case 'tryLaunched':
        return this.tryLaunched(event.taskId, event.tryNumber, event.executor);
      case 'tryEnded':
        return this.#addTryEnded(event);
      case 'taskEnded':
        return this.#addEnded(event);
      default:
        this.#batch.append(RecordType.Other, 0, 0, 0, RECORD_HEADER_BYTES, pack(event));
    }
  }

  #addCalled({ taskId, name, app, label, parent, after, stdout, stderr }: TaskCalled): void {
    const more = packDefined({ label, parent, after, stdout, stderr });
    if (more === NOTHING) return this.taskCalled(taskId, name, app);
    this.#appendCalled(taskId, name, app, more);
  }

  #addTryEnded({ taskId, tryNumber, outcome, host, worker, startMs, durationUs, usage, error }: TryEnded): void {
    const more = packDefined({ usage, error });
    if (more === NOTHING && outcome === 'done') return this.tryDone(taskId, tryNumber, host, worker, startMs, durationUs);
    this.#appendTryEnded(taskId, tryNumber, TRY_ENDS.indexOf(outcome), host, worker, startMs, durationUs, more);
  }

  #addEnded({ taskId, name, state, error, upstream }: TaskEnded): void {
    const more = packDefined({ error, upstream });
    if (more === NOTHING && state === 'done') return this.taskDone(taskId, name);
    this.#appendEnded(taskId, TASK_STATES.indexOf(state), this.#idOf(name, this.#app), more);
  }

  // --- records

  #appendCalled(taskId: number, name: string, app: AppKind, more: Uint8Array): number {
    this.#limitNames();
    const nameId = this.#idOf(name, this.#app);
    const at = this.#batch.append(RecordType.TaskCalled, APP_KINDS.indexOf(app), 0, taskId, TASK_CALLED_BYTES, more);
    this.#batch.view.setUint32(at + RECORD_HEADER_BYTES, nameId, true);
    return at;
  }

  #appendTryEnded(
    taskId: number,
    tryNumber: number,
    end: number,
    host: string,
    worker: string,
    startMs: number,
    durationUs: number,
    more: Uint8Array,
  ): number {
    this.#limitNames();
    const hostId = this.#idOf(host, this.#host);
    const workerId = this.#idOf(worker, this.#worker);
    const at = this.#batch.append(RecordType.TryEnded, end, tryNumber, taskId, TRY_ENDED_BYTES, more);
    const { view } = this.#batch;
    view.setUint32(at + RECORD_HEADER_BYTES, hostId, true);
    view.setUint32(at + RECORD_HEADER_BYTES + 4, workerId, true);
    view.setUint32(at + RECORD_HEADER_BYTES + 8, Math.min(durationUs, MAX_U32), true);
    view.setFloat64(at + RECORD_HEADER_BYTES + 12, startMs, true);
    return at;
  }

  #appendEnded(taskId: number, state: number, nameId: number, more: Uint8Array): void {
    const at = this.#batch.append(RecordType.TaskEnded, state, 0, taskId, TASK_ENDED_BYTES, more);
    this.#batch.view.setUint32(at + RECORD_HEADER_BYTES, nameId, true);
  }

  // --- names

  #idOf(text: string, last: LastName): number {
    if (text !== last.text) {
      last.id = this.#lookUp(text);
      last.text = text;
    }
    return last.id;
  }

  /** Each text is written once, before the first record that names it; never in another batch after a loss. */
  #lookUp(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const id = this.#names.size;
    this.#batch.append(RecordType.Name, 0, 0, id, RECORD_HEADER_BYTES, Buffer.from(text));
    // After that: a batch that had to go first may have been lost, and the names with it.
    this.#names.set(text, id);
    return id;
  }

  /** Too many are given anew. Never within an event: its numbers would be of before and after. */
  #limitNames(): void {
    if (this.#names.size > this.#mostNames) this.#forgetNames();
  }

  #forgetNames(): void {
    this.#names.clear();
    for (const last of [this.#app, this.#executor, this.#host, this.#worker]) last.text = undefined;
  }
}

/** @returns NOTHING if nothing is defined. */
function packDefined(fields: Readonly<Record<string, unknown>>): Uint8Array {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? NOTHING : pack(Object.fromEntries(entries));
}
