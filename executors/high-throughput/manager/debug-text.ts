/** What a manager with `workerDebug` says of the records that pass through it. */
import type { Try } from '../interchange/core-events.ts';
import { readResult, readTaskHeader, recordEnd, ResultStatus } from '../../../lib/wire/records.ts';

export const nameTries = (tries: readonly Try[]): string =>
  tries.map(([taskId, tryNumber]) => `task ${taskId} try ${tryNumber}`).join(', ');

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
