/**
 * Runs the body of a joinApp in the driver and waits for what it returns, deeply.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describeEndlessWait, inBody, type RunningBody } from '../groups/running-body.ts';
import { inGroup, isGroup } from '../groups/task-group.ts';
import { JoinError, type JoinFailure } from '../errors/index.ts';
import { asFuture, findWaitables, replaceWaitables, type Waitable } from './arguments.ts';
import { refuseHiddenFutures } from './hidden-futures.ts';
import type { Task } from './task.ts';

/** The join whose body is running: what it calls is cancelled with it. */
const enclosingJoin = new AsyncLocalStorage<Task>();

export const currentJoin = (): Task | undefined => enclosingJoin.getStore();

/**
 * @returns the value with every future in it replaced.
 * @throws TypeError if a synchronous body returns nothing to wait for; JoinError listing exactly the inner failures; what the body throws.
 */
export async function runJoin(task: Task, body: (...args: readonly unknown[]) => unknown, args: readonly unknown[]): Promise<unknown> {
  refuseHiddenFutures(args, 'args', task);
  const returned = runBody(task, () => body(...args));
  const isAsync = returned instanceof Promise;
  const value = isAsync ? await unwrap(task, returned) : returned;
  refuseHiddenFutures(value, 'result', task);
  const waitables = findWaitables([value]) ?? [];
  if (waitables.length === 0) {
    if (isAsync || isEmptyCollection(value)) return value;
    throw new TypeError(
      `task ${task.taskId} (${task.appName}): the body of a joinApp returns a future, or an array or object of futures; this one returned ${describe(value)}`,
    );
  }
  return settleAll(task, value, waitables);
}

function runBody(task: Task, body: () => unknown): unknown {
  const running: RunningBody = { group: task.group, isOver: false, stop: (reason) => task.cancel(reason) };
  const end = (): void => void (running.isOver = true);
  const returned = enclosingJoin.run(task, () => inBody(running, () => inGroup(task.group, body)));
  if (returned instanceof Promise) returned.then(end, end);
  else end();
  return returned;
}

const isEmptyCollection = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 0 &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

const describe = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array without futures' : `a value of type ${typeof value}`;

/** An async body that returns a future fails as that future does: then it is the join's inner failure, not the body's own. */
async function unwrap(task: Task, returned: Promise<unknown>): Promise<unknown> {
  try {
    return await returned;
  } catch (error) {
    const failures = (task.children ?? [])
      .filter(({ future }) => future.isRejected && future.settledValue === error)
      .map(({ taskId }) => ({ taskId, error }));
    if (failures.length === 0) throw error;
    throw new JoinError({ failures }, { task: { id: task.taskId, app: task.appName } });
  }
}

async function settleAll(task: Task, value: unknown, waitables: readonly Waitable[]): Promise<unknown> {
  const around = waitables.find((waitable) => isGroup(waitable) && waitable.includes(task.group));
  if (isGroup(around)) task.cancel(describeEndlessWait(around.name));
  const settled = await Promise.allSettled(waitables.map((waitable) => (isGroup(waitable) ? waitable.awaitedByTask() : waitable)));
  const failures: JoinFailure[] = [];
  const values = new Map<Waitable, unknown>();
  for (const [i, outcome] of settled.entries()) {
    const waitable = waitables[i] as Waitable;
    if (outcome.status === 'fulfilled') values.set(waitable, outcome.value);
    else failures.push({ taskId: taskIdOf(waitable), error: outcome.reason });
  }
  if (failures.length > 0) {
    throw new JoinError({ failures }, { task: { id: task.taskId, app: task.appName }, total: waitables.length });
  }
  return replaceWaitables(value, (waitable) => values.get(waitable));
}

const taskIdOf = (waitable: Waitable): number | undefined => (asFuture(waitable) as { taskId?: number } | undefined)?.taskId;
