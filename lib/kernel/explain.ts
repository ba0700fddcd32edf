/**
 * What a task waits for, in words.
 */
import { isGroup } from '../groups/task-group.ts';
import { steadyNow } from '../steady-clock.ts';
import type { ExecutorSet } from './executor-set.ts';
import { asFuture } from './arguments.ts';
import type { Task } from './task.ts';

/** @param find the task of an id, if it has not ended. @param memo what the memo has to say of it. */
export function explainTask(task: Task, find: (taskId: number) => Task | undefined, executors: ExecutorSet, memo?: string): string {
  const what = `task ${task.taskId} (${task.shownName})`;
  switch (task.state) {
    case 'pending':
      return memo === undefined ? `${what} waits for ${describeDependencies(task, find)}` : `${what} ${memo}`;
    case 'joining':
      return `${what} is a join and waits for ${describeTasks((task.children ?? []).filter(({ future }) => !future.done)) || 'its body'}`;
    default:
      return `${what}, try ${task.tryNumber}, has been ${task.state} for ${secondsSince(task.sinceMs)} s: ${executors.explain(task.executor, task.sentId)}${memo === undefined ? '' : `; ${memo}`}`;
  }
}

/** What no task is known of that has not ended. @param nextTask the number that the next call gets. */
export function explainEnded(taskId: number, nextTask: number, memo?: string): string {
  if (taskId < 1 || taskId >= nextTask) return `there is no task ${taskId} in this run`;
  return `task ${taskId} has ended${memo === undefined ? '' : `: ${memo}`}`;
}

const secondsSince = (ms: number): string => Math.max(0, (steadyNow() - ms) / 1000).toFixed(1);

function describeDependencies(task: Task, find: (taskId: number) => Task | undefined): string {
  const groups = (task.waitables ?? []).filter(isGroup).map(({ name }) => `group '${name}'`);
  const others = (task.waitables ?? []).filter((waitable) => !isGroup(waitable));
  const open = others.map(asFuture).filter((future) => !future?.done);
  const tasks = open.map((future) => find((future as { taskId?: number } | undefined)?.taskId ?? 0)).filter((found) => found !== undefined);
  const promises = open.length - tasks.length;
  const parts = [describeTasks([...new Set(tasks)]), ...new Set(groups), promises > 0 ? `${promises} promise(s) of the script` : ''].filter(
    (text) => text !== '',
  );
  return `${parts.join(' and ')}, since ${secondsSince(task.sinceMs)} s`;
}

function describeTasks(tasks: readonly Task[]): string {
  const named = tasks.slice(0, 5).map(({ taskId, shownName, state }) => `task ${taskId} (${shownName}, ${state})`);
  return [...named, ...(tasks.length > 5 ? [`${tasks.length - 5} more`] : [])].join(', ');
}
