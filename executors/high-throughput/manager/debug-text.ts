/** What a manager with `workerDebug` says of the records that pass through it. */
import { readResult, readTaskHeader, recordEnd, ResultStatus } from '../../../lib/wire/records.ts';

export function describeTasks(records: Buffer): string {
  const tasks: string[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    const { taskId, tryNumber, fnId } = readTaskHeader(records, at);
    tasks.push(`task ${taskId} try ${tryNumber} of function ${fnId}`);
  }
  return `arrived: ${tasks.join(', ')}`;
}

export function describeResults(records: Buffer): string {
  const results: string[] = [];
  for (let at = 0; at < records.length; at = recordEnd(records, at)) {
    const { taskId, tryNumber, status, worker, durationUs } = readResult(records, at);
    results.push(`task ${taskId} try ${tryNumber} ${nameOf(status)} at worker ${worker} after ${durationUs} µs`);
  }
  return `ended: ${results.join(', ')}`;
}

const nameOf = (status: ResultStatus): string =>
  Object.entries(ResultStatus)
    .find(([, value]) => value === status)?.[0]
    .toLowerCase() ?? `with status ${status}`;
