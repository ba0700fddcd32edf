/**
 * When an executor gives its blocks up: too many in a row that never served. Part of the scaler, pure as it is.
 *
 * There are two rows. Blocks that end before a manager registers show that the set-up is wrong: few are enough. Those whose managers come and are
 * gone again at once may have met a task that takes its manager along, and such a task is stopped after three: it takes more of them, and
 * that no task at all has ended meanwhile.
 */
import { backoffMs, isProven } from './backoff.ts';
import type { Block, BlockFailure, BlockLoad, Scaler, ScalerEffect } from './scaler-types.ts';

/** Of the other row. With the default it takes six: two poisonous tasks, one after the other, have been stopped by then. */
const TIMES_AS_MANY = 2;

export function noteTrouble(scaler: Scaler, at: number): void {
  scaler.troubles++;
  scaler.notBefore = at + backoffMs(scaler.troubles);
}

/** Gives up when too many failed in a row, unless another block shows that the set-up works. */
export function noteFailure(scaler: Scaler, failure: BlockFailure): ScalerEffect[] {
  const { failureLimit } = scaler.options;
  scaler.failures = withLatest(scaler.failures, failure, failureLimit);
  return giveUpAt(scaler, scaler.failures, failureLimit, false);
}

/** @param failure of a block that was not let go. What its walltime or somebody else has ended says nothing of its managers. */
export function noteEndOf(scaler: Scaler, block: Block, failure: BlockFailure, at: number): ScalerEffect[] {
  if (isProven(block, block.lastManagerAt ?? at)) return [];
  noteTrouble(scaler, at);
  if (block.firstManagerAt === undefined) return noteFailure(scaler, failure);
  const state = failure.status?.state;
  const wasEnded = block.phase.kind !== 'cancelling' && (state === 'timeout' || state === 'cancelled');
  if (!wasEnded) scaler.shortLived = withLatest(scaler.shortLived, failure, scaler.options.failureLimit * TIMES_AS_MANY);
  return [];
}

/** At every tick, so after each end: a task that has ended since shows that blocks do work. */
export function judgeShortLived(scaler: Scaler, { results = 0 }: BlockLoad): ScalerEffect[] {
  if (results !== scaler.resultsSeen) scaler.shortLived = [];
  scaler.resultsSeen = results;
  return giveUpAt(scaler, scaler.shortLived, scaler.options.failureLimit * TIMES_AS_MANY, true);
}

/** No more than it takes to give up; of a set-up that is never given up people are told of the last one. */
function withLatest(failures: readonly BlockFailure[], failure: BlockFailure, limit: number): BlockFailure[] {
  return [...failures, failure].slice(limit === Number.POSITIVE_INFINITY ? -1 : -limit);
}

function giveUpAt(scaler: Scaler, failures: readonly BlockFailure[], limit: number, hadManagers: boolean): ScalerEffect[] {
  const works = [...scaler.blocks.values()].some((block) => block.managers > 0);
  if (works || failures.length < limit) return [];
  scaler.mode = 'failed';
  return [{ kind: 'failExecutor', failures, hadManagers }, ...cancelAll(scaler)];
}

export function cancelAll(scaler: Scaler): ScalerEffect[] {
  return [...scaler.blocks.values()].flatMap(cancelBlock);
}

/** One that is being submitted has no job yet: it is cancelled when it has. */
export function cancelBlock(block: Block): ScalerEffect[] {
  if (block.phase.kind === 'cancelling' || block.phase.kind === 'submitting') return [];
  block.phase = { kind: 'cancelling', wasDeserted: false };
  return [{ kind: 'cancelBlock', blockId: block.id }];
}
