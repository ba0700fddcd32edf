/**
 * The tasks that have not ended, and everything that is told when one comes, changes or ends: counts, channels, its future, and
 * whether there is anything to stay alive for.
 */
import type { TaskState } from '../futures/app-future.ts';
import { IdMap } from '../id-map.ts';
import { asFuture, type Waitable } from './arguments.ts';
import { announceCalled, announceEnded } from './announce.ts';
import { type FailureMessage, failureChannel, logChannel } from './channels.ts';
import { Counts } from './counts.ts';
import { removeArgumentFile } from './launch.ts';
import type { LogMessage } from './run-log.ts';
import { LOOK_MS, StallWatch } from './stall-watch.ts';
import { isStoredResult } from './stored-result.ts';
import type { Task } from './task.ts';
import { Unobserved } from './unobserved.ts';

/** Calls that are awaited one after the other would turn timers and sockets on and off for each. */
const REST_AFTER_MS = 10;

const NO_WAITABLES: readonly Waitable[] = [];

export class TaskTable {
  readonly counts = new Counts();
  readonly unobserved = new Unobserved();
  readonly #tasks = new IdMap<Task>();
  readonly #setActive: (active: boolean) => void;
  readonly #watch: StallWatch;
  #keepAlive: NodeJS.Timeout | undefined;
  #restTimer: NodeJS.Timeout | undefined;

  /** @param setActive told whether there is work. @param stalled told when there is, and nothing goes on. */
  constructor(setActive: (active: boolean) => void, stalled: () => void) {
    this.#setActive = setActive;
    this.#watch = new StallWatch(this.counts, stalled);
  }

  get size(): number {
    return this.#tasks.size;
  }

  get(id: number): Task | undefined {
    return this.#tasks.get(id);
  }

  has(id: number): boolean {
    return this.#tasks.has(id);
  }

  all(): Task[] {
    return [...this.#tasks.values()];
  }

  /** Whether this try of the task is the one that counts. */
  isCurrent(task: Task, tryNumber: number): boolean {
    return this.#tasks.get(task.taskId) === task && task.tryNumber === tryNumber;
  }

  add(task: Task): void {
    this.#tasks.set(task.taskId, task);
    this.counts.called();
    this.#stayAlive();
    announceCalled(task);
  }

  /** Pending tasks keep the process alive, whatever they wait for. */
  #stayAlive(): void {
    if (this.#keepAlive) return;
    this.#keepAlive = setInterval(() => this.#watch.look(), LOOK_MS);
    this.#setActive(true);
  }

  #restSoon(): void {
    this.#restTimer ??= setTimeout(() => {
      this.#restTimer = undefined;
      if (this.#tasks.size === 0) this.rest();
    }, REST_AFTER_MS);
  }

  /** Nothing to do: whatever else the process has to do decides how long it lives. */
  rest(): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#setActive(false);
  }

  launched(task: Task, tryNumber: number): void {
    if (task.state === 'pending' && task.entry.kind !== 'join') this.counts.launched();
    task.launched(tryNumber);
  }

  succeed(task: Task): void {
    const value = task.latestValue;
    if (task.isMemoized) this.counts.memoized();
    this.#end(task, 'done', undefined);
    if (isStoredResult(value)) task.future.fulfillLater(value);
    else task.future.fulfill(value);
  }

  /** It failed, and what waits for it goes on with the value that its policy says. */
  ignore(task: Task, error: unknown): void {
    const policy = task.entry.options.onFailure;
    if (logChannel.hasSubscribers) logChannel.publish(ignoredMessage(task, error));
    this.#end(task, 'ignored', error);
    task.future.fulfill(policy.kind === 'ignore' ? policy.value : undefined);
  }

  fail(task: Task, state: TaskState, error: unknown): void {
    // What it waited for in vain is told with it.
    for (const waitable of task.waitables ?? NO_WAITABLES) if (asFuture(waitable)?.isRejected) asFuture(waitable)?.markObserved();
    this.#end(task, state, error);
    if (state === 'cancelled' && task.isGivenUp) task.future.markObserved();
    task.future.fail(error);
    this.unobserved.add(task.taskId, task.shownName, task.future);
    if (failureChannel.hasSubscribers) failureChannel.publish(failureMessage(task, error));
  }

  #end(task: Task, state: TaskState, error: unknown): void {
    this.counts.ended(task.state, state);
    task.state = state;
    this.#tasks.delete(task.taskId);
    if (task.refs) removeArgumentFile(task);
    task.drop();
    announceEnded(task, error);
    if (this.#tasks.size === 0) this.#restSoon();
  }

  /** Resolves when every task that is here now has ended, however it ended. */
  async waitForAll(): Promise<void> {
    await Promise.all(this.all().map(({ future }) => new Promise<void>((resolve) => future.onSettled(resolve))));
  }
}

const failureMessage = ({ taskId, appName, label, stderr }: Task, error: unknown): FailureMessage => ({
  taskId,
  name: appName,
  label,
  error,
  stderr,
});

const ignoredMessage = ({ taskId, shownName, executor }: Task, error: unknown): LogMessage => ({
  executor: executor === '' ? '-' : executor,
  level: 'warn',
  message: `task ${taskId} (${shownName}) failed; that is ignored: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
});
