/**
 * The errors that tasks end with for the engine's reasons. They carry no stack: where in the engine they were made tells nobody anything.
 */
import { CancelledError, DependencyError, FlotillaError, PoisonTaskError, tagWithTask, WorkerLost } from '../errors/index.ts';
import { refOf } from './outcome.ts';
import type { Task } from './task.ts';

const nameOf = (task: Task): { id: number; app: string } => ({ id: task.taskId, app: task.appName });

function withoutStack<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

export const cancelledError = (task: Task): Error =>
  withoutStack(() => {
    const reason = task.cancelReason === '' ? undefined : task.cancelReason;
    return tagWithTask(new CancelledError({ reason }, { task: nameOf(task) }), 'FLOTILLA_CANCELLED_ERROR', refOf(task));
  });

/** What a task ends with that was lost for the last time: the loss itself, or all of them as evidence. */
export function lossError(task: Task): unknown {
  const losses = task.losses ?? [];
  if (losses.length <= 1 || losses.at(-1) !== task.latestError) return task.latestError;
  const last = losses.at(-1);
  const fields =
    last instanceof WorkerLost
      ? {
          host: last.host,
          worker: last.worker,
          exitCode: last.exitCode ?? null,
          signal: last.signal ?? null,
          stderrTail: last.stderrTail ?? '',
        }
      : { host: '', worker: '' };
  return withoutStack(() =>
    tagWithTask(new PoisonTaskError({ ...fields, losses }, { task: nameOf(task) }), 'FLOTILLA_POISON_TASK_ERROR', refOf(task)),
  );
}

/** Why a task's upstream failed, and what it is called; a promise of somebody else's has no name. */
export interface UpstreamFailure {
  readonly error: unknown;
  readonly task: { readonly id: number; readonly app: string } | undefined;
}

export const dependencyError = (task: Task, upstream: UpstreamFailure | undefined): DependencyError =>
  new DependencyError({ task: nameOf(task), upstream: upstream?.error, upstreamTask: upstream?.task });

/** An error that was thrown in the driver, with the task that it belongs to. */
export function tagOwnError(task: Task, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return tagWithTask(error, FlotillaError.is(error) ? error.code : 'FLOTILLA_APP_ERROR', refOf(task));
}
