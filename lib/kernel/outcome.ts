/**
 * What a try's outcome means: bytes become a value or an error, and the error gets its cost. The graph decides what follows.
 */
import type { RetryHandler } from '../config.ts';
import { ManagerLost, reviveError, tagWithTask, type TaskRef, unpackWireError, type WireError } from '../errors/index.ts';
import type { TryOutcome } from '../executor.ts';
import type { TryResult } from '../graph/task-graph.ts';
import { releaseMoment } from '../moment.ts';
import { ResultStatus } from '../wire/records.ts';
import { decodeStored, decodeValue, isStored } from '../wire/value-codec.ts';
import { isGroupError } from '../groups/group-error.ts';
import { StoredResult } from './stored-result.ts';
import type { Task } from './task.ts';

const HOPELESS = Number.POSITIVE_INFINITY;
const HOPELESS_KINDS: ReadonlySet<WireError['kind']> = new Set(['definition', 'serialization', 'placement']);

/** Leaves value or error in the task. */
export function readOutcome(task: Task, outcome: TryOutcome, retryHandler: RetryHandler | undefined): TryResult {
  switch (outcome.status) {
    case ResultStatus.Ok:
      return readValue(task, outcome);
    case ResultStatus.Unstarted:
      return { kind: 'unstarted' };
    case ResultStatus.Cancelled:
      return { kind: 'cancelled' };
    default:
      return readFailure(task, outcome, retryHandler);
  }
}

function readValue(task: Task, { body }: TryOutcome): TryResult {
  try {
    const madeBy = task.entry.kind === 'python' ? 'python' : 'js';
    task.latestValue = isStored(body) ? new StoredResult(decodeStored(body), madeBy) : decodeValue(body);
    return { kind: 'ok' };
  } catch (cause) {
    task.latestError = new Error(`task ${task.taskId} (${task.appName}) ended, but its result cannot be read: ${String(cause)}`, { cause });
    return { kind: 'failed', cost: HOPELESS };
  }
}

function readFailure(task: Task, outcome: TryOutcome, retryHandler: RetryHandler | undefined): TryResult {
  const wire = unpackWireError(outcome.body);
  const error = reviveError(wire, refOf(task, outcome));
  task.latestError = error;
  if (outcome.status === ResultStatus.Lost) {
    if (wire.fields?.['blockExpired'] === true) return { kind: 'expired' };
    task.losses ??= [];
    task.losses.push(error);
    return { kind: 'lost' };
  }
  // What cannot be loaded, cannot travel or finds no place fails the same way every time.
  const isHopeless = HOPELESS_KINDS.has(wire.kind);
  return failedTry(task, error, () => (isHopeless ? HOPELESS : costOf(task, error, retryHandler)));
}

/** Whoever throws a GroupError in a group wants the group's end, whatever its retries and policy are. */
export const failedTry = (task: Task, error: unknown, cost: () => number): TryResult =>
  task.group && isGroupError(error) ? { kind: 'groupError' } : { kind: 'failed', cost: cost() };

export const failureOutcome = ({ latestError }: Task): 'failed' | 'walltime' =>
  latestError instanceof Error && latestError.name === 'WalltimeError' ? 'walltime' : 'failed';

/** 'expired': the block's time was over, which nobody is to blame for. */
export const lossOutcome = ({ latestError }: Task): 'lost' | 'expired' =>
  latestError instanceof ManagerLost && Reflect.get(latestError, 'blockExpired') === true ? 'expired' : 'lost';

/** A handler that throws fails the task with its own error. */
export function costOf(task: Task, error: unknown, retryHandler: RetryHandler | undefined): number {
  if (!retryHandler) return 1;
  releaseMoment(); // The user's code takes its time.
  try {
    const cost = retryHandler(error, { taskId: task.taskId, name: task.appName, tryNumber: task.tryNumber });
    if (typeof cost === 'number' && cost >= 0) return cost;
    throw new TypeError(
      `retryHandler returned ${String(cost)} for task ${task.taskId} (${task.appName}); it returns the cost of the failure, a number of at least 0`,
    );
  } catch (ownError) {
    if (ownError instanceof Error) ownError.cause ??= error;
    task.latestError = ownError instanceof Error ? tagWithTask(ownError, 'FLOTILLA_APP_ERROR', refOf(task)) : ownError;
    return HOPELESS;
  }
}

export function refOf(task: Task, outcome?: TryOutcome): TaskRef {
  const { host, worker } = outcome ?? task.place;
  return { id: task.taskId, app: task.appName, try: task.tryNumber, host, worker };
}
