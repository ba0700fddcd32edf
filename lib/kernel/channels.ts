/**
 * What is told to whoever listens: named channels of node:diagnostics_channel. Listeners cannot change what happens.
 *
 * Messages on the channels of states are the events of lib/events/events.ts. On hot paths ask `hasSubscribers` before a message is made.
 * The event log alone hears of tasks and tries without messages: making four of them for each would cost nearly as much again as keeping them.
 */
import { channel } from 'node:diagnostics_channel';
import type { AppKind, BlockEvent, ExecutorLost, ManagerEvent, TaskEvent, TryEvent, WorkerEvent } from '../events/events.ts';

export interface FailureMessage {
  readonly taskId: number;
  /** Of the app. */
  readonly name: string;
  /** Of the call, if it has one. */
  readonly label: string | undefined;
  readonly error: unknown;
  /** Path of the task's stderr, if it has one of its own. */
  readonly stderr: string | undefined;
}

export interface KernelMessage {
  readonly state: 'started' | 'waiting' | 'interrupted' | 'paused' | 'resumed' | 'closing' | 'closed';
  readonly runDir: string;
}

export const taskChannel = channel('flotilla:task');
export const tryChannel = channel('flotilla:try');
export const workerChannel = channel('flotilla:worker');
export const managerChannel = channel('flotilla:manager');
export const blockChannel = channel('flotilla:block');
export const executorChannel = channel('flotilla:executor');
export const failureChannel = channel('flotilla:failure');
export const kernelChannel = channel('flotilla:kernel');
/** { executor, level, message, fields } */
export const logChannel = channel('flotilla:log');

/** Hears what is told of tasks and tries. What every task has in its life comes in fields, and only where there is nothing else to say of it. */
export interface TaskRecorder {
  taskCalled(taskId: number, name: string, app: AppKind): void;
  tryLaunched(taskId: number, tryNumber: number, executor: string): void;
  tryDone(taskId: number, tryNumber: number, host: string, worker: string, startMs: number, durationUs: number): void;
  taskDone(taskId: number, name: string): void;
  add(event: TaskEvent | TryEvent): void;
}

let recorder: TaskRecorder | undefined;

export const taskRecorder = (): TaskRecorder | undefined => recorder;
export const setTaskRecorder = (next: TaskRecorder | undefined): void => void (recorder = next);

/** As node:diagnostics_channel does with subscribers: what fails in one is no business of whoever tells. */
function record(event: TaskEvent | TryEvent): void {
  try {
    recorder?.add(event);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** To the event log and to the subscribers. */
export function tellTask(event: TaskEvent): void {
  record(event);
  if (taskChannel.hasSubscribers) taskChannel.publish(event);
}
export function tellTry(event: TryEvent): void {
  record(event);
  if (tryChannel.hasSubscribers) tryChannel.publish(event);
}
export const tellWorker = (event: WorkerEvent): void => workerChannel.publish(event);
export const tellManager = (event: ManagerEvent): void => managerChannel.publish(event);
export const tellBlock = (event: BlockEvent): void => blockChannel.publish(event);
export const tellExecutor = (event: ExecutorLost): void => executorChannel.publish(event);
