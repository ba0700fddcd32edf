/**
 * Which nodes of the graph a call waits for.
 */
import type { TaskId } from '../graph/task-graph.ts';
import type { Settleable } from '../futures/settleable.ts';
import { asFuture, type Waitable } from './arguments.ts';
import type { Externals } from './externals.ts';
import { isStoredResult } from './stored-result.ts';
import type { Task } from './task.ts';

type FindTask = (taskId: number) => Task | undefined;

/** One that has failed already is all that counts. */
export function nodesOf(waitables: readonly Waitable[], externals: Externals, find: FindTask): readonly TaskId[] {
  const rejected = waitables.find((waitable) => asFuture(waitable)?.isRejected);
  if (rejected) return [externals.idOfRejected(rejected)];
  return waitables.filter((waitable) => !hasValue(asFuture(waitable))).map((waitable) => nodeOf(waitable, externals, find));
}

/** An element of a value (`get`) is no task: it may fail, or have to be fetched, where the whole is fine. */
function nodeOf(waitable: Waitable, externals: Externals, find: FindTask): TaskId {
  const { taskId = 0 } = (asFuture(waitable) ?? {}) as { taskId?: number };
  const task = find(taskId);
  const isWhole = task !== undefined && (task.future === waitable || task.outputs.some((output) => output === waitable));
  return isWhole ? task.taskId : externals.idOf(waitable);
}

/** Here, or in a store from which tasks can read it. */
const hasValue = (future: Settleable<unknown> | undefined): boolean =>
  future?.isFulfilled === true && (!future.isDeferred || isStoredResult(future.settledValue));
