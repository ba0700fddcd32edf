/**
 * Results that came together.
 */
import { holdMoment, releaseMoment } from '../../lib/moment.ts';
import { type ResultRecord, readResult, recordEnd } from '../../lib/wire/records.ts';

/** So many are seen to in a tenth of a millisecond; then time goes on. */
const AT_ONE_MOMENT = 16;

/** @param see told of each in turn. It may start further tasks, and may not wait. */
export function eachResult(records: Buffer, see: (result: ResultRecord) => void): void {
  try {
    for (let at = 0, i = 0; at < records.length; at = recordEnd(records, at), i++) {
      if (i % AT_ONE_MOMENT === 0) holdMoment();
      see(readResult(records, at));
    }
  } finally {
    releaseMoment();
  }
}
