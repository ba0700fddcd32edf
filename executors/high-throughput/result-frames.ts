/** What is in result records that wait to be sent, or to be acknowledged. */
import { recordEnd, ResultStatus } from '../../lib/wire/records.ts';
import type { Try } from './interchange/core-events.ts';

const isRelease = (records: Buffer, at: number): boolean => records[at + 14] === ResultStatus.SlotReleased;

/** The tries that they end. */
export function triesIn(parts: readonly Buffer[]): Try[] {
  const tries: Try[] = [];
  for (const part of parts) {
    for (let at = 0; at < part.length; at = recordEnd(part, at)) {
      if (!isRelease(part, at)) tries.push([part.readUInt32LE(at + 4), part.readUInt16LE(at + 12)]);
    }
  }
  return tries;
}

/** All but those that say that a slot was released. */
export function withoutReleases(records: Buffer): Buffer {
  const kept: Buffer[] = [];
  let isWhole = true;
  for (let at = 0, end = 0; at < records.length; at = end) {
    end = recordEnd(records, at);
    if (isRelease(records, at)) isWhole = false;
    else kept.push(records.subarray(at, end));
  }
  return isWhole ? records : Buffer.concat(kept);
}
