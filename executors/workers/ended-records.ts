/**
 * Result records of tasks that no worker reports: nobody wants them any more, they were never started, or their block came to its end.
 */
import { packWireError } from '../../lib/errors/index.ts';
import { steadyNow } from '../../lib/steady-clock.ts';
import { encodeResult, readTaskHeader, recordEnd, ResultStatus, type TaskHeader, type Usage } from '../../lib/wire/records.ts';
import { functionUndefined } from './losses.ts';

type EndedTask = Pick<TaskHeader, 'taskId' | 'tryNumber' | 'fnId'>;

const record = ({ taskId, tryNumber, fnId }: EndedTask, status: ResultStatus, worker: number, body?: Buffer): Buffer =>
  encodeResult({ taskId, tryNumber, fnId, status, durationUs: 0, startMs: 0, worker }, body);

export const cancelledRecord = (task: EndedTask, worker = 0): Buffer => record(task, ResultStatus.Cancelled, worker);

/** No task's: the slot is given back. */
export const releasedRecord = (slot: number): Buffer => record({ taskId: 0, tryNumber: 0, fnId: 0 }, ResultStatus.SlotReleased, slot);

const unstartedRecord = (task: EndedTask): Buffer => record(task, ResultStatus.Unstarted, 0);

/** One for each of these task records. */
export function unstartedRecords(tasks: Buffer): Buffer[] {
  const ended: Buffer[] = [];
  for (let at = 0; at < tasks.length; at = recordEnd(tasks, at)) ended.push(unstartedRecord(readTaskHeader(tasks, at)));
  return ended;
}

/** It ends now. */
export function timedRecord({ header, status, body, startMs, worker, usage }: TimedEnd): Buffer {
  const { taskId, fnId, tryNumber } = header;
  const durationUs = Math.round(Math.max(0, steadyNow() - startMs) * 1000);
  return encodeResult({ taskId, fnId, tryNumber, status, durationUs, startMs, worker, usage }, body);
}

/** Its function is not known here. */
export const undefinedRecord = (header: TaskHeader, host: string): Buffer =>
  timedRecord({
    header,
    status: ResultStatus.Failed,
    body: packWireError(functionUndefined(header, host)),
    startMs: steadyNow(),
    worker: 0,
  });

interface TimedEnd {
  readonly header: EndedTask;
  readonly status: ResultStatus;
  readonly body: Buffer;
  readonly startMs: number;
  readonly worker: number;
  readonly usage?: Usage | undefined;
}

/** Where a task was when its block ended. */
export interface EndedBlock {
  readonly managerId: string;
  readonly blockId: string;
  readonly host: string;
}

/** It runs again elsewhere, and that costs none of its retries. @param how what became of it: "it was still running". */
export function expiredRecord(task: EndedTask, { managerId, blockId, host }: EndedBlock, how: string, worker = 0): Buffer {
  const body = packWireError({
    kind: 'manager-lost',
    name: 'ManagerLost',
    message: `block ${blockId} came to the end of its walltime on ${host}: ${how}`,
    fields: { host, managerId, lastHeartbeat: Date.now(), exitCode: null, signal: null, stderrTail: '', blockExpired: true },
  });
  return record(task, ResultStatus.Lost, worker, body);
}
