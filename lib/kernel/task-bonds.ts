/**
 * What ties a task to others beyond its arguments, and to another place than the rest. Most have none of it.
 */
import type { DataFuture } from '../futures/data-future.ts';
import type { TaskGroup } from '../groups/task-group.ts';
import type { Task } from './task.ts';

export interface TaskBonds {
  /** Directory of the driver at the call, where it had changed. */
  driverCwd: string | undefined;
  /** The join whose body called it. */
  parentId: number | undefined;
  outputs: readonly DataFuture[] | undefined;
  group: TaskGroup | undefined;
  /** Groups that it had to wait for when it was called, itself or by what it depends on. */
  behind: ReadonlySet<TaskGroup> | undefined;
  /** Tasks that a join's body called: they are cancelled with it. */
  children: Task[] | undefined;
  cancelReason: string | undefined;
  /** The script has cancelled it: whoever ends a call does not have to look at how it ends. */
  isGivenUp: boolean;
  /** The error that is the reason, if one is. */
  cancelCause: unknown;
}

export const noBonds = (): TaskBonds => ({
  driverCwd: undefined,
  parentId: undefined,
  outputs: undefined,
  group: undefined,
  behind: undefined,
  children: undefined,
  cancelReason: undefined,
  isGivenUp: false,
  cancelCause: undefined,
});
