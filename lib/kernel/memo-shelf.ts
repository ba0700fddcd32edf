/**
 * Where results are kept: the table in memory, the checkpoints of earlier runs that were read into it, and the one that this run
 * writes. Says when it writes.
 */
import { basename } from 'node:path';
import type { MemoSettings } from '../config.ts';
import { ConfigError } from '../errors/config-error.ts';
import { type CheckpointHeader, encodeHeader, encodeResult, type ResultMeta, type ResultRecord } from '../memo/checkpoint-format.ts';
import { CheckpointWriter } from '../memo/checkpoint-writer.ts';
import { checkpointPathOf } from '../memo/find-checkpoints.ts';
import type { MemoEntry, MemoTable } from '../memo/memo-table.ts';
import { MAX_RECORD_BYTES } from '../memo/records.ts';
import { logChannel } from './channels.ts';
import { carryValue, keepValue, openValue } from './memo-values.ts';
import { INLINE_LIMIT } from './prepare.ts';

export interface FoundResult extends ResultRecord {
  readonly entry: MemoEntry;
  /** @throws Error if its file is not as it was. */
  open(): unknown;
}

export class MemoShelf {
  readonly table: MemoTable;
  /** Whether there are checkpoints of earlier runs. */
  readonly isResumed: boolean;
  readonly #mode: MemoSettings['checkpoint'];
  readonly #path: string;
  readonly #writer: CheckpointWriter;
  readonly #timer: NodeJS.Timeout | undefined;
  #isFlushDue = false;

  /** @param resumes the checkpoint files whose results are in `table`. */
  constructor(runDir: string, settings: MemoSettings, table: MemoTable, resumes: readonly string[]) {
    this.table = table;
    this.isResumed = resumes.length > 0;
    this.#mode = settings.checkpoint;
    this.#path = checkpointPathOf(runDir);
    const header: CheckpointHeader = { run: basename(runDir), startedMs: Date.now(), resumes };
    this.#writer = new CheckpointWriter({
      path: this.#path,
      header: () => encodeHeader(header),
      onRefused: (error, pending) => this.#refused(error, pending),
    });
    if (this.#mode === 'periodic') this.#timer = setInterval(() => this.#writer.flush(), settings.checkpointPeriodMs).unref();
  }

  get #checkpoint(): string | undefined {
    return this.#mode === 'off' ? undefined : this.#path;
  }

  /** @throws Error if the file that it is in is not as it was. */
  find(key: string): FoundResult | undefined {
    const found = this.table.read(key);
    return found && { ...found, open: () => found.entry.live ?? openValue(found, found.entry.path) };
  }

  drop(key: string): void {
    this.table.drop(key);
  }

  /** @throws UnencodableError for a value that only this process can hold. */
  keep(meta: Omit<ResultMeta, 'value'>, value: unknown): void {
    const kept = this.#keepSomehow(meta.key, value);
    const full: ResultMeta = kept.file ? { ...meta, value: kept.file } : meta;
    const body = encodeResult({ meta: full, value: kept.value });
    const entry: MemoEntry = { path: this.#path, at: 0, length: 0, body, ...(kept.live ? { live: kept.live } : {}) };
    this.table.add(full, entry);
    // A large one is here only where it could not be written to a file of its own.
    if (!kept.live && kept.value.length <= INLINE_LIMIT) this.#write(entry, body);
  }

  /** A disk that has no room for a large value: it stays where it is, for this run. */
  #keepSomehow(key: string, value: unknown): ReturnType<typeof keepValue> {
    try {
      return keepValue(value, key, this.#checkpoint);
    } catch (error) {
      if (!isOfFileSystem(error)) throw error;
      this.#refused(error, 1);
      return keepValue(value, key, undefined);
    }
  }

  /** What is taken from another run's checkpoint goes into this run's too: older ones may be removed then. */
  carry(found: FoundResult): void {
    if (this.#checkpoint === undefined || found.entry.path === this.#path) return;
    try {
      carryValue(found, found.entry.path, this.#path);
    } catch (error) {
      return this.#refused(error as Error, 1);
    }
    const body = encodeResult(found);
    const entry: MemoEntry = { path: this.#path, at: 0, length: 0, body };
    this.table.add(found.meta, entry);
    this.#write(entry, body);
  }

  #write(entry: MemoEntry, body: Buffer): void {
    // The key of a call with tens of thousands of arguments, at most.
    if (this.#checkpoint === undefined || body.length > MAX_RECORD_BYTES) return;
    this.#writer.add({
      body,
      written: (_, at, length) => {
        entry.at = at;
        entry.length = length;
        entry.body = undefined;
      },
    });
    if (this.#mode !== 'taskExit' || this.#isFlushDue) return;
    this.#isFlushDue = true;
    // Behind all results of this turn, and before whoever awaits one of them goes on: what a script has seen is written.
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#writer.flush();
    });
  }

  /** Writes and syncs everything that there is. @returns path of the file. @throws ConfigError with mode 'off'; Error of the file system. */
  async checkpoint(): Promise<string> {
    if (this.#checkpoint === undefined)
      throw new ConfigError("kernel.checkpoint(): Config.checkpoint is 'off'; set it to 'manual', or leave it out");
    this.#writer.flush({ insist: true });
    if (this.#writer.pending > 0)
      throw new Error(`${this.#writer.pending} result(s) could not be written to ${this.#path}; the run's log has the reason`);
    await this.#writer.sync();
    return this.#path;
  }

  /** Idempotent, synchronous: the process may be about to end. */
  close(): void {
    clearInterval(this.#timer);
    if (this.#mode === 'manual') return this.#writer.abandon();
    const lost = this.#writer.close();
    if (lost > 0) say(`${lost} result(s) are not in the checkpoint ${this.#path}: a run that resumes computes them again`);
  }

  #refused(error: Error, pending: number): void {
    const message = `the checkpoint ${this.#path} cannot be written (${error.message}); ${pending} result(s) wait for room, tasks go on`;
    logChannel.publish({ executor: 'memo', level: 'error', message });
    say(message);
  }
}

const say = (line: string): boolean => process.stderr.write(`flotilla: ${line}\n`);

const isOfFileSystem = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error;
