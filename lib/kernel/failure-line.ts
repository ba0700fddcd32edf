/**
 * A task that failed, in one line of bounded length for the run's log. Pure.
 */
import { isAppError } from '../errors/app-error.ts';
import { DependencyError, nameLink } from '../errors/dependency-error.ts';
import { beginningOf, onOneLine, shorten } from '../errors/message-parts.ts';
import { CancelledError } from '../errors/task-errors.ts';
import { nameTask } from '../errors/task-ref.ts';
import type { FailureMessage } from './channels.ts';

const MOST_LETTERS = 500;
const LABEL_LETTERS = 80;

export interface FailureLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

export function describeFailure(failure: FailureMessage): FailureLine {
  const { level, message } = describe(failure);
  return { level, message: onOneLine(message) };
}

function describe({ taskId, name, label, error }: FailureMessage): FailureLine {
  const task = nameTask({ id: taskId, app: label === undefined ? name : `${name}: ${shorten(label, LABEL_LETTERS)}` });
  // Its own message, the whole chain, is not built: there may be 100,000 of them.
  if (error instanceof DependencyError) return { level: 'warn', message: `${task} did not run: it needs ${rootOf(error)}, which failed` };
  if (error instanceof CancelledError) return { level: 'info', message: `${task} was cancelled` };
  return { level: 'error', message: `${task} failed${placeOf(error)}: ${shorten(beginningOf(textOf(error)), MOST_LETTERS)}` };
}

const rootOf = ({ nearRoot: [root] }: DependencyError): string => nameLink(root);

function placeOf(error: unknown): string {
  const host = isAppError(error) ? error.flotilla.task.host : '';
  return host === '' ? '' : ` on ${host}`;
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'an error that cannot be shown'; // a message with a toString of its own, which is none
  }
}
