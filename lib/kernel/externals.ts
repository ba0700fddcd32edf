/**
 * Nodes of the graph that stand for what is no task: promises of somebody else's, elements of values, futures that had failed
 * before the call. Their ids are negative.
 */
import type { GraphEvent, TaskId } from '../graph/task-graph.ts';
import { isGroup } from '../groups/task-group.ts';
import { asFuture, type Waitable } from './arguments.ts';
import type { UpstreamFailure } from './final-error.ts';
import type { PromiseValues } from './prepare.ts';

interface External {
  readonly id: TaskId;
  value: unknown;
}

export class Externals {
  /** Values of promises that have settled, by the promise. */
  readonly values: PromiseValues;
  readonly #known = new WeakMap<object, External>();
  readonly #step: (event: GraphEvent) => void;
  readonly #noteFailure: (id: TaskId, failure: UpstreamFailure) => void;
  /** Futures whose failure cancels what depends on them. */
  readonly #cancelling = new WeakSet<object>();
  #nextId = -1;

  constructor(step: (event: GraphEvent) => void, noteFailure: (id: TaskId, failure: UpstreamFailure) => void) {
    this.#step = step;
    this.#noteFailure = noteFailure;
    this.values = this.#known;
  }

  /** A failed future, or one that is about to fail, whose dependents are cancelled. */
  noteCancelling(future: object): void {
    this.#cancelling.add(future);
  }

  /** The node of a promise; one promise has one node, however many tasks wait for it. Not so a group: it may have new tasks by now. */
  idOf(waitable: Waitable): TaskId {
    const known = isGroup(waitable) ? undefined : this.#known.get(waitable);
    if (known) return known.id;
    const external: External = { id: this.#nextId-- as TaskId, value: undefined };
    this.#known.set(waitable, external);
    this.#step({ kind: 'externalAwaited', id: external.id });
    waitable.then(
      (value) => {
        external.value = value;
        this.#step({ kind: 'externalSettled', id: external.id, ok: true });
      },
      (error: unknown) => this.#fail(external.id, waitable, error),
    );
    return external.id;
  }

  /** The node of a future that has failed already: it fails as soon as the task at hand waits for it. */
  idOfRejected(waitable: Waitable): TaskId {
    const id = this.#nextId-- as TaskId;
    this.#step({ kind: 'externalAwaited', id });
    const future = asFuture(waitable);
    future?.markObserved();
    queueMicrotask(() => this.#fail(id, waitable, future?.settledValue));
    return id;
  }

  #fail(id: TaskId, waitable: Waitable, error: unknown): void {
    this.#noteFailure(id, { error, task: nameOf(waitable) });
    const whole = asFuture(waitable)?.whole;
    this.#step({ kind: 'externalSettled', id, ok: false, cancelSuccessors: whole !== undefined && this.#cancelling.has(whole) });
  }
}

/** A future of ours knows its task; a promise has no name. */
function nameOf(waitable: Waitable): UpstreamFailure['task'] {
  const { taskId, appName = '' } = (asFuture(waitable) ?? {}) as { taskId?: number; appName?: string };
  return taskId === undefined ? undefined : { id: taskId, app: appName };
}
