/** Task and result records for specs, and what is in them. */
import type { TaskContext } from '../../lib/task-spec.ts';
import {
  readResult,
  readTaskHeader,
  recordEnd,
  encodeResult,
  type ResultRecord,
  ResultStatus,
  TASK_HEADER_BYTES,
  TaskFlag,
  writeTaskHeader,
} from '../../lib/wire/records.ts';
import { encodeValue, pack } from '../../lib/wire/value-codec.ts';

export interface TaskToMake {
  readonly taskId: number;
  readonly tryNumber?: number;
  readonly fnId?: number;
  readonly context?: TaskContext;
  readonly args?: readonly unknown[];
  /** Instead of `args`. */
  readonly encoded?: Buffer;
  /** Alone in its batch. Default: where it has a walltime. */
  readonly solo?: boolean;
}

export function taskRecord({
  taskId,
  tryNumber = 1,
  fnId = 1,
  context,
  args,
  encoded = args ? encodeValue(args) : Buffer.alloc(0),
  solo = context?.walltimeMs !== undefined,
}: TaskToMake): Buffer {
  const packed = context ? pack(context) : Buffer.alloc(0);
  const record = Buffer.alloc(TASK_HEADER_BYTES + packed.length + encoded.length);
  const flags = solo ? TaskFlag.Solo : 0;
  writeTaskHeader(record, 0, { taskId, tryNumber, fnId, flags, contextLength: packed.length }, encoded.length);
  packed.copy(record, TASK_HEADER_BYTES);
  encoded.copy(record, TASK_HEADER_BYTES + packed.length);
  return record;
}

export const taskRecords = (...tasks: TaskToMake[]): Buffer => Buffer.concat(tasks.map(taskRecord));

export function taskIdsOf(records: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) ids.push(readTaskHeader(records, at).taskId);
  return ids;
}

export function resultRecord(
  taskId: number,
  {
    status = ResultStatus.Ok,
    durationUs = 5,
    body = encodeValue(null),
  }: { status?: ResultStatus; durationUs?: number; body?: Buffer } = {},
): Buffer {
  return encodeResult({ taskId, tryNumber: 1, fnId: 1, status, durationUs, startMs: 0, worker: 0 }, body);
}

/** Copies: the records may be views. */
export function resultsOf(records: Buffer): ResultRecord[] {
  const results: ResultRecord[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    const { body, ...header } = readResult(records, at);
    results.push({ ...header, body: Buffer.from(body) });
  }
  return results;
}

const NAMES = new Map(Object.entries(ResultStatus).map(([name, status]) => [status as number, name.toLowerCase()]));

export const statusName = (status: number): string => NAMES.get(status) ?? String(status);
