/**
 * What the task graph is told of a task's options: how often it is tried, and what follows then.
 */
import type { CompiledAppOptions } from '../apps/options.ts';
import type { TaskPolicy } from '../graph/task-graph.ts';

/** Retries of a task that is to be tried again, where nobody says how often. */
const RETRIES_OF_RETRY = 2;

/** @param retries of the config; 0 is what it has where it says nothing. */
export function policyOf({ retries: own, onLost, onFailure: { kind } }: CompiledAppOptions, retries: number): TaskPolicy {
  const unsaid = kind === 'retry' && retries === 0 ? RETRIES_OF_RETRY : retries;
  return { retries: own ?? unsaid, onLost, onFailure: kind === 'retry' ? 'fail' : kind };
}
