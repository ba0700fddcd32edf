/**
 * Collects failed tasks in groups of the same app and message. Holds a bounded amount, however many tasks fail.
 */

import { FailureGroups } from '../lib/errors/failure-groups.ts';
import { beginningOf, shorten, withoutNumbers } from '../lib/errors/message-parts.ts';

/** As published on the channel `flotilla:failure`. */
export interface TaskFailure {
  readonly taskId: number;
  /** Name of the app. */
  readonly name: string;
  readonly label?: string | undefined;
  readonly error: unknown;
  /** Path of what the task wrote to its stderr. */
  readonly stderr?: string | undefined;
}

export interface FailureGroup {
  readonly name: string;
  readonly message: string;
  count: number;
  /** The first ones: '3', or '3 [T = 0.5]' for one with a label. */
  readonly tasks: string[];
  readonly stderr: string | undefined;
}

const TASKS_SHOWN = 3;
const LABEL_LENGTH = 40;
const MOST_GROUPS = 200;

export class FailureLog {
  readonly #groups = new FailureGroups<FailureGroup>(MOST_GROUPS);
  /** Tasks that did not run because of another's failure. */
  dependents = 0;

  /** Failures beyond the groups that are kept. */
  get ungrouped(): number {
    return this.#groups.ungrouped;
  }

  add(failure: TaskFailure): void {
    const kind = failure.error instanceof Error ? failure.error.name : '';
    // Somebody asked for it; the totals count it.
    if (kind === 'CancelledError') return;
    // Its message is built when it is read, and the root of it is listed anyway.
    if (kind === 'DependencyError') {
      this.dependents++;
      return;
    }
    const message = headline(failure.error);
    // Cut behind that: cut before, messages with longer numbers would end elsewhere.
    const key = `${failure.name}\n${withoutNumbers(message).slice(0, HEADLINE_LENGTH)}`;
    const { name, stderr } = failure;
    const { tasks } = this.#groups.add(key, () => ({ name, message: message.slice(0, HEADLINE_LENGTH), count: 0, tasks: [], stderr }));
    if (tasks.length < TASKS_SHOWN) tasks.push(nameOf(failure));
  }

  /** Largest first. */
  groups(): readonly FailureGroup[] {
    return this.#groups.all();
  }
}

const nameOf = ({ taskId, label }: TaskFailure): string =>
  label === undefined ? String(taskId) : `${taskId} [${shorten(label, LABEL_LENGTH)}]`;

const HEADLINE_LENGTH = 200;

function headline(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const first = beginningOf(error.message);
  return first === '' ? error.name : `${error.name}: ${first}`;
}
