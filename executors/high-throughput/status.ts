/**
 * What a person may ask of an executor: how much it has to do, why nothing runs, where a task is. Changes nothing.
 */
import type { ExecutorStatus } from '../../lib/executor.ts';
import type { Blocks } from '../blocks/blocks.ts';
import type { KnownManagers } from './managers.ts';
import type { Tries } from './tries.ts';
import { describePlace } from './waiting-text.ts';

export interface StatusFacts {
  readonly label: string;
  readonly managers: KnownManagers;
  readonly tries: Tries;
  readonly blocks: Blocks;
  readonly isInterchangeReady: boolean;
  readonly failure: Error | undefined;
  /** Why nothing is to be begun. */
  readonly paused: string | undefined;
  /** What is wrong with the way to the managers' site; '' if nothing is. */
  readonly link: string;
}

export function statusOf(facts: StatusFacts): ExecutorStatus {
  const { workers } = facts.managers;
  const outstanding = facts.tries.requests.size;
  const running = Math.min(workers, outstanding);
  const waitingFor = describeWait(facts);
  return { label: facts.label, workers, queued: outstanding - running, running, ...(waitingFor === undefined ? {} : { waitingFor }) };
}

/** Why nothing is begun; undefined if something may be. */
function describeWait({ isInterchangeReady, managers, blocks, paused, link }: StatusFacts): string | undefined {
  if (paused !== undefined) return `nothing is begun, ${paused}`;
  if (!isInterchangeReady) return 'the interchange ended, and another is being started';
  if (managers.count > 0) return undefined;
  const refused = managers.refusal === undefined ? '' : `; the last one was refused: ${managers.refusal}`;
  return `no manager is registered${refused}; ${blocks.status()}${link}`;
}

/** '' if nothing is. */
function describeHindrance({ managers }: StatusFacts): string {
  const { size } = managers.quarantined;
  return size === 0 ? '' : `; ${size} of ${managers.count} manager(s) fail everything and are given nothing for a while`;
}

export function explainTask(facts: StatusFacts, taskId: number): string {
  const { label, tries, managers, blocks, failure } = facts;
  const where =
    failure?.message ??
    describeWait(facts) ??
    describePlace({
      taskId,
      outstanding: tries.requests,
      workers: managers.workers,
      longestLeftMs: managers.longestLeftMs(Date.now()),
      blocks: () => blocks.status(),
      restriction: blocks.restriction,
    });
  return `at executor '${label}': ${where}${describeHindrance(facts)}${tries.cancelling.has(taskId) ? '; it is being cancelled' : ''}`;
}
