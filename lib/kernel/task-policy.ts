/**
 * What the task graph is told of a task's options: how often it is tried, and what follows then.
 */
import type { CompiledAppOptions } from '../apps/options.ts';
import type { TaskPolicy } from '../graph/task-graph.ts';

/** Retries of a task that is to be tried again, where nobody says how often. */
const RETRIES_OF_RETRY = 2;

/** One policy for all calls with the same options: a waiting task is to be small. */
export class TaskPolicies {
  readonly #retries: number;
  readonly #policies = new WeakMap<CompiledAppOptions, TaskPolicy>();

  /** @param retries of the config; 0 is what it has where it says nothing. */
  constructor(retries: number) {
    this.#retries = retries;
  }

  of(options: CompiledAppOptions): TaskPolicy {
    const known = this.#policies.get(options);
    if (known) return known;
    const policy = policyOf(options, this.#retries);
    this.#policies.set(options, policy);
    return policy;
  }
}

function policyOf({ retries: own, onLost, onFailure: { kind } }: CompiledAppOptions, retries: number): TaskPolicy {
  const unsaid = kind === 'retry' && retries === 0 ? RETRIES_OF_RETRY : retries;
  return { retries: own ?? unsaid, onLost, onFailure: kind === 'retry' ? 'fail' : kind };
}
