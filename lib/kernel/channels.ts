/**
 * What the kernel tells whoever listens: named channels of node:diagnostics_channel. Listeners cannot change what it does.
 */
import { channel } from 'node:diagnostics_channel';
import type { TaskState } from '../futures/app-future.ts';

export interface TaskMessage {
  readonly taskId: number;
  readonly name: string;
  readonly state: TaskState;
}

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
  readonly state: 'started' | 'waiting' | 'interrupted' | 'closing' | 'closed';
  readonly runDir: string;
}

export const taskChannel = channel('flotilla:task');
export const failureChannel = channel('flotilla:failure');
export const kernelChannel = channel('flotilla:kernel');
/** { executor, level, message, fields } */
export const logChannel = channel('flotilla:log');
