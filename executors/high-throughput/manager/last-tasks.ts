/**
 * Tasks of a block that is about to end. Owns which were running when they were warned: one of those that does not succeed was not given
 * the time it needed, and runs again elsewhere. What came too late goes back unstarted.
 */
import { readResult, recordEnd, ResultStatus } from '../../../lib/wire/records.ts';
import { type EndedBlock, expiredRecord, unstartedRecords } from '../../workers/ended-records.ts';
import type { Try } from '../interchange/core-events.ts';

const FAILURES: ReadonlySet<ResultStatus> = new Set([ResultStatus.Failed, ResultStatus.Lost]);
/** Results are told apart by task and try. */
const ANY_FUNCTION = 0;

export class LastTasks {
  readonly #place: EndedBlock;
  /** Task → try. */
  readonly #warned: ReadonlyMap<number, number>;

  constructor(place: EndedBlock, running: readonly Try[]) {
    this.#place = place;
    this.#warned = new Map(running);
  }

  /** @returns the records as they are to be sent. */
  judge(records: Buffer): Buffer {
    const judged: Buffer[] = [];
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { taskId, tryNumber, fnId, status, worker } = readResult(records, at);
      const isExpired = FAILURES.has(status) && this.#warned.get(taskId) === tryNumber;
      const how = 'the task was warned, and did not succeed';
      judged.push(
        isExpired ? expiredRecord({ taskId, tryNumber, fnId }, this.#place, how, worker) : records.subarray(at, recordEnd(records, at)),
      );
    }
    return Buffer.concat(judged);
  }

  /** Of those that were still running when the time was over. */
  expire(running: readonly Try[]): Buffer {
    return Buffer.concat(
      running.map(([taskId, tryNumber]) =>
        expiredRecord({ taskId, tryNumber, fnId: ANY_FUNCTION }, this.#place, 'the task was still running'),
      ),
    );
  }
}

/** @param tasks whole task records. */
export function sendBack(tasks: Buffer): Buffer {
  return Buffer.concat(unstartedRecords(tasks));
}
