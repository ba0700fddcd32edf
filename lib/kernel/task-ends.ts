/**
 * How tasks end, as the graph has decided: with which error, and who has to know of it.
 */
import type { GraphEffect } from '../graph/task-graph.ts';
import type { TaskState } from '../futures/app-future.ts';
import type { EffectLoop } from './effect-loop.ts';
import type { Externals } from './externals.ts';
import { dependencyError, finalError, successorCancelledError } from './final-error.ts';
import { failureOutcome } from './outcome.ts';
import type { Task } from './task.ts';
import type { TaskTable } from './task-table.ts';

export type EndEffect = Exclude<GraphEffect, { readonly kind: 'launch' | 'cancelTry' }>;

interface TaskEndsParts {
  readonly graph: EffectLoop;
  readonly tasks: TaskTable;
  readonly externals: Externals;
}

export class TaskEnds {
  readonly #parts: TaskEndsParts;

  constructor(parts: TaskEndsParts) {
    this.#parts = parts;
  }

  end(task: Task, effect: EndEffect): void {
    const { graph, tasks, externals } = this.#parts;
    switch (effect.kind) {
      case 'succeeded':
        return tasks.succeed(task);
      case 'failed':
        return this.#fail(task, effect.why);
      case 'ignored':
        return this.#ignore(task, effect.why);
      case 'dependencyCancelled':
        externals.noteCancelling(task.future);
        // So says the policy of the one that failed: that is told.
        task.future.markObserved();
        return this.#endFailed(task, 'cancelled', successorCancelledError(task, graph.failureOf(effect.upstream)));
      case 'dependencyFailed':
        return this.#endFailed(task, 'dependencyFailed', dependencyError(task, graph.failureOf(effect.upstream)));
    }
  }

  #ignore(task: Task, why: 'failed' | 'lost'): void {
    const error = finalError(task, why);
    task.finalTry(why === 'failed' ? failureOutcome(task) : why, error);
    this.#parts.tasks.ignore(task, error);
  }

  #fail(task: Task, why: 'failed' | 'lost' | 'cancelled'): void {
    const error = finalError(task, why);
    if (task.entry.options.onFailure.kind === 'cancelSuccessors') this.#parts.externals.noteCancelling(task.future);
    if (task.state !== 'pending') task.finalTry(why === 'failed' ? failureOutcome(task) : why, error);
    this.#endFailed(task, why === 'cancelled' ? 'cancelled' : 'failed', error);
  }

  #endFailed(task: Task, state: TaskState, error: unknown): void {
    const { graph, tasks } = this.#parts;
    graph.noteFailure(task.taskId, { error, task: { id: task.taskId, app: task.appName } });
    tasks.fail(task, state, error);
  }
}
