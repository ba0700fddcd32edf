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

/** @returns undefined for bytes that are no such change: they came over a network. What is in them beside it is left out. */
export function unpackChange(bytes: Buffer): WorkerChange | undefined {
  try {
    return toChange(unpack(bytes));
  } catch {
    return undefined;
  }
}

function toChange(told: unknown): WorkerChange | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { kind, worker, pid, output, exitCode, signal } = told as Record<string, unknown>;
  if (typeof worker !== 'string' || !Number.isSafeInteger(pid)) return undefined;
  const who = { worker, pid: pid as number };
  if (kind === 'workerStarted') return typeof output === 'string' ? { kind, ...who, output } : undefined;
  if (kind !== 'workerEnded' || !(exitCode === null || Number.isSafeInteger(exitCode))) return undefined;
  return signal === null || typeof signal === 'string' ? { kind, ...who, exitCode: exitCode as number | null, signal } : undefined;
}

/** Where it was: executor, manager, host. */
export type WorkerPlace = Pick<WorkerEvent, 'executor' | 'manager' | 'host'>;

export const toWorkerEvent = (change: WorkerChange, place: WorkerPlace): WorkerEvent => ({ ...change, ...place });
