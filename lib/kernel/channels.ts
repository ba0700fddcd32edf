/**
 * What is told to whoever listens: named channels of node:diagnostics_channel. Listeners cannot change what happens.
 *
 * Messages on the channels of states are the events of lib/events/events.ts. On hot paths ask `hasSubscribers` before a message is made.
 */
import { channel } from 'node:diagnostics_channel';
import type { BlockEvent, ExecutorLost, ManagerEvent, TaskEvent, TryEvent, WorkerEvent } from '../events/events.ts';

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

export const tellTask = (event: TaskEvent): void => taskChannel.publish(event);
export const tellTry = (event: TryEvent): void => tryChannel.publish(event);
export const tellWorker = (event: WorkerEvent): void => workerChannel.publish(event);
export const tellManager = (event: ManagerEvent): void => managerChannel.publish(event);
export const tellBlock = (event: BlockEvent): void => blockChannel.publish(event);
export const tellExecutor = (event: ExecutorLost): void => executorChannel.publish(event);
