/**
 * Finds out, when a task is called, that it would never end: it waits, by way of other tasks and groups, for a group that it is in.
 *
 * Tasks keep the groups that they once had to wait for, themselves or by what they depend on: calls that no group is behind, nearly all,
 * cost nothing, and a long chain behind a group is walked only where those leave a doubt.
 */
import { describeEndlessWait } from '../groups/running-body.ts';
import { isGroup, type Refusal, type TaskGroup } from '../groups/task-group.ts';
import { asFuture, type Waitable } from './arguments.ts';
import type { Task } from './task.ts';

type FindTask = (taskId: number) => Task | undefined;

/** The groups behind what is waited for; some may have ended by now. Shared where one dependency has them all. */
export function groupsBehind(waitables: readonly Waitable[] | undefined, find: FindTask): ReadonlySet<TaskGroup> | undefined {
  let behind: ReadonlySet<TaskGroup> | undefined;
  for (const waitable of waitables ?? []) {
    const more = isGroup(waitable) ? new Set([waitable]) : pendingTaskOf(waitable, find)?.behind;
    if (more && more !== behind) behind = behind ? behind.union(more) : more;
  }
  return behind;
}

/** @returns why the task must not run, if it would wait for itself. */
export function refuseEndlessWait(task: Task, find: FindTask): Refusal | undefined {
  const { group } = task;
  if (!group || !task.behind || !mayReach(task.behind, group, find)) return undefined;
  const found = findWait(task, group, find);
  if (!found) return undefined;
  const { waiter } = found;
  const who = waiter === task ? 'it waits' : `it needs task ${waiter.taskId} (${waiter.shownName}), which waits`;
  return { reason: describeEndlessWait(found.group.name, who), cause: undefined, isKnown: false };
}

/** By what tasks once had to wait for: false is certain. */
function mayReach(behind: ReadonlySet<TaskGroup>, target: TaskGroup, find: FindTask): boolean {
  const seen = new Set(behind);
  for (const group of seen) {
    if (group.includes(target)) return true;
    for (const id of group.idsBehindGroups()) for (const next of find(id)?.behind ?? []) seen.add(next);
  }
  return false;
}

interface Wait {
  readonly waiter: Task;
  readonly group: TaskGroup;
}

/** By what is waited for at present. */
function findWait(task: Task, target: TaskGroup, find: FindTask): Wait | undefined {
  const waiters = new Set([task]);
  for (const waiter of waiters) {
    for (const waitable of waiter.waitables ?? []) {
      if (!isGroup(waitable)) {
        const before = pendingTaskOf(waitable, find);
        if (before?.behind) waiters.add(before);
      } else if (waitable.includes(target)) return { waiter, group: waitable };
      else for (const member of membersBehindGroups(waitable, find)) waiters.add(member);
    }
  }
  return undefined;
}

function* membersBehindGroups(group: TaskGroup, find: FindTask): Generator<Task> {
  for (const id of group.idsBehindGroups()) {
    const member = find(id);
    if (member?.state === 'pending') yield member;
  }
}

/** One that has been launched waits for nothing any more. */
function pendingTaskOf(waitable: Waitable, find: FindTask): Task | undefined {
  const { taskId = 0 } = (asFuture(waitable) ?? {}) as { taskId?: number };
  const task = find(taskId);
  return task?.state === 'pending' ? task : undefined;
}
