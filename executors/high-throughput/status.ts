/**
 * What a person may ask of an executor: how much it has to do, why nothing runs, where a task is. Changes nothing.
 */
import type { ExecutorStatus } from '../../lib/executor.ts';
import type { Blocks } from '../blocks/blocks.ts';
import type { ResourceRequest } from '../../lib/resources/request.ts';
import { steadyNow } from '../../lib/steady-clock.ts';
import type { WaitingLane } from './interchange/core-events.ts';
import type { KnownManagers } from './managers.ts';
import { describeWaiting } from './resources/waiting-words.ts';
import type { Tries } from './tries.ts';
import { describePlace } from './waiting-text.ts';

export interface StatusFacts {
  readonly label: string;
  readonly managers: KnownManagers;
  readonly tries: Tries;
  /** As the interchange said last, and by which number it knows a request. */
  readonly waiting: { readonly lanes: readonly WaitingLane[]; readonly requestIdOf: (resources: ResourceRequest) => number };
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
  const running = countRunning(facts, workers);
  const waitingFor = describeWait(facts);
  return { label: facts.label, workers, queued: outstanding - running, running, ...(waitingFor === undefined ? {} : { waitingFor }) };
}

/** As many of those that ask for nothing as there are workers, and those that were given what they ask for. */
function countRunning({ tries }: StatusFacts, workers: number): number {
  let asking = 0;
  for (const count of tries.asking.values()) asking += count;
  return Math.min(workers, tries.requests.size - asking) + Math.min(tries.given.size, asking);
}

/** Why nothing is begun; undefined if something may be. */
function describeWait({ isInterchangeReady, managers, blocks, paused, link }: StatusFacts): string | undefined {
  if (paused !== undefined) return `nothing is begun, ${paused}`;
  if (!isInterchangeReady) return 'the interchange ended, and another is being started';
  if (managers.count > 0) return undefined;
  const refused = managers.refusal === undefined ? '' : `; the last one was refused: ${managers.refusal}`;
  return `no manager is registered${refused}; ${blocks.status()}${link}`;
}

/** Of a task that asks for resources: what it has, or what it waits for. */
function describeAsking({ tries, waiting: { lanes, requestIdOf } }: StatusFacts, taskId: number): string | undefined {
  const { resources, priority } = tries.requests.get(taskId) ?? {};
  if (resources === undefined) return undefined;
  const requestId = requestIdOf(resources);
  const lane = lanes.find((one) => one.requestId === requestId && one.priority === priority);
  return tries.given.describe(taskId) ?? describeWaiting(lane, lanes, steadyNow());
}

/** '' if nothing is. */
function describeHindrance({ managers }: StatusFacts): string {
  const { size } = managers.quarantined;
  return size === 0 ? '' : `; ${size} of ${managers.count} manager(s) fail everything and are given nothing for a while`;
}

/** '' if nothing holds CPUs that workers would have for a task that asks for nothing. */
function describeSharing({ tries }: StatusFacts, taskId: number): string {
  const { given, requests } = tries;
  if (given.size === 0 || requests.get(taskId)?.resources !== undefined) return '';
  return `; ${given.size} task(s) with resources have CPUs or accelerators of these workers for themselves, and it may wait until one of them ends`;
}

export function explainTask(facts: StatusFacts, taskId: number): string {
  const { label, tries, managers, blocks, failure } = facts;
  const where =
    failure?.message ??
    describeWait(facts) ??
    describeAsking(facts, taskId) ??
    describePlace({
      taskId,
      outstanding: tries.requests,
      workers: managers.workers,
      longestLeftMs: managers.longestLeftMs(steadyNow()),
      blocks: () => blocks.status(),
      restriction: blocks.restriction,
    });
  return `at executor '${label}': ${where}${describeSharing(facts, taskId)}${describeHindrance(facts)}${tries.cancelling.has(taskId) ? '; it is being cancelled' : ''}`;
}
