/**
 * A manager that was lost, as an error for each task that it held.
 */
import { packWireError } from '../../lib/errors/index.ts';
import type { TryOutcome } from '../../lib/executor.ts';
import { ResultStatus } from '../../lib/wire/records.ts';
import type { BlockJob } from '../blocks/block-jobs.ts';
import type { Report } from './interchange/core-events.ts';

export type LostManager = Omit<Extract<Report, { readonly kind: 'managerLost' }>, 'kind'>;

/** Body of the outcomes of all its tasks. @param job its block's, once it has ended; how it ended is how the manager did. */
export function managerLostBody({ host, managerId, lastHeardMs }: LostManager, job: BlockJob | undefined): Buffer {
  const hasExpired = job?.state === 'timeout';
  return packWireError({
    kind: 'manager-lost',
    name: 'ManagerLost',
    message: hasExpired ? `manager ${managerId} on ${host} was ended because the walltime of its block was over` : '',
    fields: {
      host,
      managerId,
      lastHeartbeat: lastHeardMs,
      exitCode: job?.exitCode ?? null,
      signal: job?.signal ?? null,
      stderrTail: job?.stderrTail ?? '',
      blockExpired: hasExpired,
    },
  });
}

/** Of a try that a manager held for an earlier driver, and that did not come back with it. */
export const forgottenOutcome = (taskId: number, tryNumber: number): TryOutcome => ({
  taskId,
  tryNumber,
  status: ResultStatus.Unstarted,
  body: Buffer.alloc(0),
  host: '',
  worker: '',
  startMs: 0,
  durationUs: 0,
});

export function lostOutcome({ host, blockId }: LostManager, taskId: number, tryNumber: number, body: Buffer): TryOutcome {
  const worker = `block ${blockId}, ${host}`;
  return { taskId, tryNumber, status: ResultStatus.Lost, body, host, worker, startMs: 0, durationUs: 0 };
}
