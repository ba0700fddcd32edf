/**
 * Which of the waiting tasks go to a slot together. Takes them out of the queue; decides by headers and estimates alone.
 */
import { readTaskHeader, recordEnd, TaskFlag } from '../../lib/wire/records.ts';
import type { Estimates } from './estimates.ts';
import type { RecordQueue } from './record-queue.ts';

/** Work that a batch aims at: long enough that its message costs little, and what is wrong with an estimate is mended as soon (recall.ts). */
const TARGET_US = 4000;
/** The same for commands, of which none is done in less than about a millisecond. */
const COMMANDS_TARGET_US = 16_000;
const MAX_BATCH = 512;
const MAX_BATCH_BYTES = 4 << 20;

export interface BatchChoice {
  readonly queue: RecordQueue;
  readonly estimates: Estimates;
  readonly slots: number;
  /** How many the slot's last batch had. */
  readonly lastCount: number;
  /** What the queue's first task needs to run. */
  readonly runnerKey: string;
  runnerKeyOf(fnId: number): string | undefined;
}

/**
 * Tasks for the same kind of runner, as many as fill about 4 ms (commands: 16), at most twice the last batch and never more than this slot's share.
 * A function that was never seen to end comes alone, and so does a Solo task. @returns runs of whole records.
 */
export function chooseBatch({ queue, estimates, slots, lastCount, runnerKey, runnerKeyOf }: BatchChoice): {
  parts: Buffer[];
  count: number;
} {
  const share = Math.ceil(queue.count / slots);
  const limit = Math.min(MAX_BATCH, Math.max(1, lastCount * 2), share);
  const targetUs = runnerKey === 'bash' ? COMMANDS_TARGET_US : TARGET_US;
  let work = 0;
  let bytesTaken = 0;
  let isAlone = false;
  let lastFn = -1;
  return queue.takeWhile((bytes, at, taken) => {
    if (isAlone || (taken > 0 && taken >= limit)) return false;
    const { fnId, flags } = readTaskHeader(bytes, at);
    const isSolo = (flags & TaskFlag.Solo) !== 0;
    if (taken === 0) isAlone = isSolo;
    else if (isSolo || (fnId !== lastFn && runnerKeyOf(fnId) !== runnerKey)) return false;
    lastFn = fnId;
    work += estimates.of(fnId) ?? targetUs;
    bytesTaken += recordEnd(bytes, at) - at;
    return taken === 0 || (work <= targetUs && bytesTaken <= MAX_BATCH_BYTES);
  });
}
