/**
 * A worker process that starts or ends, as its supervisor tells of it. Data, and its words for a log.
 */
import type { WorkerEvent } from '../../lib/events/events.ts';
import { unpack } from '../../lib/wire/value-codec.ts';

export type WorkerChange =
  | { readonly kind: 'workerStarted'; readonly worker: string; readonly pid: number; readonly output: string }
  | {
      readonly kind: 'workerEnded';
      readonly worker: string;
      readonly pid: number;
      readonly exitCode: number | null;
      readonly signal: string | null;
    };

/** @example "worker-0-js is process 4711" */
export function describeChange(change: WorkerChange): string {
  const { worker, pid } = change;
  if (change.kind === 'workerStarted') return `${worker} is process ${pid}`;
  return `${worker}, process ${pid}, ended by ${change.signal ?? `exit code ${change.exitCode}`}`;
}

/** @returns undefined for bytes that are no such change: they came over a network. */
export function unpackChange(bytes: Buffer): WorkerChange | undefined {
  try {
    const change = unpack(bytes) as WorkerChange | null;
    return change?.kind === 'workerStarted' || change?.kind === 'workerEnded' ? change : undefined;
  } catch {
    return undefined;
  }
}

/** Where it was: executor, manager, host. */
export type WorkerPlace = Pick<WorkerEvent, 'executor' | 'manager' | 'host'>;

export const toWorkerEvent = (change: WorkerChange, place: WorkerPlace): WorkerEvent => ({ ...change, ...place });
