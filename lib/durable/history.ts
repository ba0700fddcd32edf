/**
 * What earlier drivers of a durable run did, as their journals tell: which tasks they gave to executors and what came of them. A task is
 * known again by its key; of several with the same key each is claimed once, in any order, since nothing tells them apart.
 */
import { existsSync } from 'node:fs';
import type { TryOutcome } from '../executor.ts';
import { readFirstRecord, readRecordAt, readRecords } from '../memo/record-file.ts';
import { ResultStatus } from '../wire/records.ts';
import { decodeRecord, type JournalRecord, type Launched } from './journal-format.ts';

export interface PastTask {
  /** NNN of the run whose driver started it. */
  readonly run: string;
  readonly taskId: number;
  /** Of the last try. */
  tryNumber: number;
  executor: string;
  /** How the last try ended, if that counts: where the record is, or what was told since this driver took over. */
  ended: { readonly path: string; readonly at: number; readonly length: number } | TryOutcome | undefined;
}

export class History {
  readonly #byKey = new Map<string, PastTask[]>();
  /** The same of keys that were asked for, the next to be claimed last. */
  readonly #open = new Map<string, PastTask[]>();
  readonly #byId = new Map<number, PastTask>();
  #lastTaskId = 0;

  /** Tasks of this driver are numbered from here on, so that none has the number of an earlier one. */
  get lastTaskId(): number {
    return this.#lastTaskId;
  }

  /** How many ended well, and how many are `isUnderWay`. */
  count(isUnderWay: (past: PastTask) => boolean): { results: number; underWay: number } {
    let [results, underWay] = [0, 0];
    for (const past of this.#byId.values()) {
      if (past.ended) results++;
      else if (isUnderWay(past)) underWay++;
    }
    return { results, underWay };
  }

  /**
   * Reads the journal at `path` behind those that were read before.
   * @throws Error of the file system, or that says why it is no journal.
   */
  async read(path: string): Promise<void> {
    const { run } = readHeader(path);
    await readRecords(path, ({ body, at, end }, base) => this.#take(run, decodeRecord(body), { path, at: base + at, length: end - at }));
  }

  #take(run: string, record: JournalRecord | undefined, place: { path: string; at: number; length: number }): void {
    if (record?.kind === 'launched') this.#launched(run, record);
    else if (record?.kind === 'ended') this.#ended(record.outcome, record.outcome.status === ResultStatus.Ok ? place : undefined);
  }

  #launched(run: string, { taskId, tryNumber, executor, key }: Launched): void {
    this.#lastTaskId = Math.max(this.#lastTaskId, taskId);
    const known = this.#byId.get(taskId);
    if (known) {
      Object.assign(known, { tryNumber, executor, ended: undefined });
      return;
    }
    const past: PastTask = { run, taskId, tryNumber, executor, ended: undefined };
    this.#byId.set(taskId, past);
    if (key === '') return;
    const same = this.#byKey.get(key);
    if (same) same.push(past);
    else this.#byKey.set(key, [past]);
  }

  #ended({ taskId, tryNumber }: TryOutcome, how: PastTask['ended']): void {
    const past = this.#byId.get(taskId);
    if (past?.tryNumber === tryNumber) past.ended = how;
  }

  /** Something was told of a try that nobody has claimed. Failures too count from here on: they are its try's outcome. @returns whether it is news. */
  note(outcome: TryOutcome): boolean {
    const past = this.#byId.get(outcome.taskId);
    if (!past || past.tryNumber !== outcome.tryNumber || past.ended) return false;
    past.ended = COUNTS.has(outcome.status) ? { ...outcome, body: Buffer.from(outcome.body) } : undefined;
    return past.ended !== undefined;
  }

  /**
   * The task of this key that has come furthest: one that has ended, else one that is still under way.
   * @param isUnderWay whether a manager has its last try. @returns undefined: there is none, the task has to run.
   */
  claim(key: string, isUnderWay: (past: PastTask) => boolean): PastTask | undefined {
    const open = this.#open.get(key) ?? this.#sort(key, isUnderWay);
    for (let past = open?.pop(); past; past = open?.pop()) if (past.ended || isUnderWay(past)) return past;
    return undefined;
  }

  /** Once per key: of thousands of equal calls each is looked at once. What neither has ended nor is under way never will. */
  #sort(key: string, isUnderWay: (past: PastTask) => boolean): PastTask[] | undefined {
    const same = this.#byKey.get(key);
    if (!same) return undefined;
    const underWay = same.filter((past) => !past.ended && isUnderWay(past));
    const open = [...underWay.reverse(), ...same.filter(({ ended }) => ended).reverse()];
    this.#byKey.delete(key);
    this.#open.set(key, open);
    return open;
  }
}

/** Outcomes that a task of this driver takes as its own. Of the others it is as if the try had not been. */
const COUNTS: ReadonlySet<ResultStatus> = new Set([ResultStatus.Ok, ResultStatus.Failed, ResultStatus.Walltime]);

/** @throws Error if the record is not there any more. */
export function outcomeOf(ended: NonNullable<PastTask['ended']>): TryOutcome {
  if ('status' in ended) return ended;
  const record = decodeRecord(readRecordAt(ended.path, ended.at, ended.length));
  if (record?.kind !== 'ended') throw new Error(`byte ${ended.at} of ${ended.path} does not tell of the end of a try`);
  return record.outcome;
}

/** Of these journals, the oldest first. @throws Error of the file system, or that says why it is no journal. */
export async function readHistory(paths: readonly string[]): Promise<History> {
  const history = new History();
  // A driver that has launched nothing has none.
  for (const path of paths) if (existsSync(path)) await history.read(path);
  return history;
}

function readHeader(path: string): Extract<JournalRecord, { kind: 'header' }> {
  const record = decodeRecord(readFirstRecord(path));
  if (record?.kind !== 'header') throw new Error(`${path} does not begin as a journal does`);
  return record;
}
