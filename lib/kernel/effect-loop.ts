/**
 * Feeds events to the task graph and carries out its effects, one after the other.
 *
 * Effects may cause events; the effects of those come behind the ones at hand, so that no chain of tasks is too long for the stack.
 */
import { createTaskGraph, type GraphEffect, type GraphEvent, step, type TaskId } from '../graph/task-graph.ts';
import type { UpstreamFailure } from './final-error.ts';

export class EffectLoop {
  readonly #graph = createTaskGraph();
  readonly #apply: (effect: GraphEffect) => void;
  readonly #later: GraphEffect[] = [];
  /** Why tasks failed whose dependents are about to be told. */
  readonly #failures = new Map<TaskId, UpstreamFailure>();
  #applying = false;

  constructor(apply: (effect: GraphEffect) => void) {
    this.#apply = apply;
  }

  step(event: GraphEvent): void {
    const effects = step(this.#graph, event);
    if (this.#applying) {
      for (const effect of effects) this.#later.push(effect);
      return;
    }
    this.#applying = true;
    try {
      for (const effect of effects) this.#apply(effect);
      for (let i = 0; i < this.#later.length; i++) this.#apply(this.#later[i] as GraphEffect);
    } finally {
      this.#later.length = 0;
      this.#applying = false;
      if (this.#failures.size > 0) this.#failures.clear();
    }
  }

  /** Kept until the effects of the step at hand, or of the next one, are carried out. */
  noteFailure(id: TaskId, failure: UpstreamFailure): void {
    this.#failures.set(id, failure);
  }

  failureOf(id: TaskId): UpstreamFailure | undefined {
    return this.#failures.get(id);
  }
}
