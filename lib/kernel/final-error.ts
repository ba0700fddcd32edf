/**
 * The errors that tasks end with for the engine's reasons. They carry no stack: where in the engine they were made tells nobody anything.
 */
import { CancelledError, DependencyError, FlotillaError, isAppError, PoisonTaskError, tagWithTask, WorkerLost } from '../errors/index.ts';
import { nameTask } from '../errors/task-ref.ts';
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
    const cause = task.cancelCause === undefined ? {} : { cause: task.cancelCause };
    return tagWithTask(new CancelledError({ reason }, { task: nameOf(task), ...cause }), 'FLOTILLA_CANCELLED_ERROR', refOf(task));
  });

/** Of a task that waited, near or far, for one that cancels its successors when it fails. The cause is that one's failure. */
export function successorCancelledError(task: Task, upstream: UpstreamFailure | undefined): Error {
  const { error } = upstream ?? { error: undefined };
  const root = error instanceof CancelledError && error.cause !== undefined ? error.cause : error;
  const name = isAppError(root) ? { id: root.flotilla.task.id, app: root.flotilla.task.app } : upstream?.task;
  const failed = name === undefined ? 'what it depends on' : nameTask(name);
  task.noteCancelled(task.cancelReason ?? `${failed} failed, which cancels what depends on it`, task.cancelCause ?? root);
  return cancelledError(task);
}

export function finalError(task: Task, why: 'failed' | 'lost' | 'cancelled'): unknown {
  return why === 'cancelled' ? cancelledError(task) : why === 'lost' ? lossError(task) : task.latestError;
}

/** What a task ends with that was lost for the last time: the loss itself, or all of them as evidence. */
function lossError(task: Task): unknown {
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
  /** Name of the group that it is. */
  readonly group?: string;
}

export const dependencyError = (task: Task, upstream: UpstreamFailure | undefined): DependencyError =>
  new DependencyError({ task: nameOf(task), upstream: upstream?.error, upstreamTask: upstream?.task, upstreamGroup: upstream?.group });

/** An error that was thrown in the driver, with the task that it belongs to. */
export function tagOwnError(task: Task, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return tagWithTask(error, FlotillaError.is(error) ? error.code : 'FLOTILLA_APP_ERROR', refOf(task));
}
