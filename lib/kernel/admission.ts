/**
 * A task that is called comes into its group, which may take no more, or in which it would never end.
 */
import type { TaskGroup } from '../groups/task-group.ts';
import { groupsBehind, refuseEndlessWait } from './endless-wait.ts';
import type { Task } from './task.ts';

/** @param find the task of an id, if it has not ended. @returns whether it must not run; then it knows why. */
export function isRefused(task: Task, group: TaskGroup | undefined, find: (taskId: number) => Task | undefined): boolean {
  task.group = group;
  task.behind = groupsBehind(task.waitables, find);
  const refusal = group?.admit(task) ?? refuseEndlessWait(task, find);
  if (refusal) task.refuse(refusal);
  return refusal !== undefined;
}
