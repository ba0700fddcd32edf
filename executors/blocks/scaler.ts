/**
 * The block scaler: decides when blocks are submitted, drained and cancelled, and when to give up. A pure machine: no clock, no
 * provider; time is in the events. The shell around it is blocks.ts.
 */
import { isTerminal, type JobStatus } from '../../lib/provider.ts';
import { addBlock, balance, submitBlocks } from './balance.ts';
import { cancelAll, cancelBlock, noteEndOf, noteFailure, noteTrouble } from './breaker.ts';
import { newTimes, noteEnded, noteRequeued, noteStarted } from './budget.ts';
import { learnSlots } from './demand.ts';
import type { Block, Scaler, ScalerEffect, ScalerEvent, ScalerOptions } from './scaler-types.ts';

export function createScaler(options: ScalerOptions): Scaler {
  return {
    options,
    mode: 'running',
    blocks: new Map(),
    nextBlock: 0,
    slotsPerManager: 1,
    spentNodeMs: 0,
    isBudgetShort: false,
    failures: [],
    shortLived: [],
    resultsSeen: 0,
    troubles: 0,
    notBefore: Number.NEGATIVE_INFINITY,
    idleSince: undefined,
    excessSince: undefined,
  };
}

/** Takes one event into account. Blocks are added and let go at ticks only: follow every other event with one. */
export function step(scaler: Scaler, event: ScalerEvent): ScalerEffect[] {
  switch (event.kind) {
    case 'started':
      return start(scaler, event);
    case 'tick':
      return scaler.mode === 'running' ? balance(scaler, event.at, event.load) : [];
    case 'closing':
      return close(scaler);
    default: {
      const block = scaler.blocks.get(event.blockId);
      return block === undefined ? [] : stepBlock(scaler, block, event);
    }
  }
}

function start(scaler: Scaler, { at, adopted = [], spentNodeMs = 0 }: Extract<ScalerEvent, { kind: 'started' }>): ScalerEffect[] {
  scaler.spentNodeMs = spentNodeMs;
  // It may have started at any time: then it is charged for all of its walltime.
  const submittedAt = scaler.options.limits.walltimeMs === undefined ? at : Number.NEGATIVE_INFINITY;
  for (const { blockId, startedAt } of adopted) {
    addBlock(scaler, blockId, 'waiting', newTimes(submittedAt, startedAt));
    scaler.nextBlock = Math.max(scaler.nextBlock, Number(blockId) + 1);
  }
  const { initBlocks, minBlocks } = scaler.options.limits;
  return submitBlocks(scaler, at, Math.max(0, Math.max(initBlocks, minBlocks) - adopted.length));
}

type BlockEvent = Exclude<ScalerEvent, { kind: 'started' | 'tick' | 'closing' }>;

function stepBlock(scaler: Scaler, block: Block, event: BlockEvent): ScalerEffect[] {
  switch (event.kind) {
    case 'blockSubmitted':
      return jobExists(scaler, block);
    case 'blockSubmitFailed':
      return submitFailed(scaler, block, event);
    case 'blockState':
      return isTerminal(event.status.state) ? jobEnded(scaler, block, event) : jobChanged(scaler, block, event);
    case 'managerRegistered':
      return managerRegistered(scaler, block, event);
    case 'managerGone':
      return managerGone(scaler, block, event.at);
  }
}

function jobExists(scaler: Scaler, block: Block): ScalerEffect[] {
  if (block.phase.kind !== 'submitting') return [];
  block.phase = { kind: 'waiting' };
  return scaler.mode === 'running' ? [] : cancelBlock(block);
}

interface JobReport {
  readonly at: number;
  readonly status: JobStatus;
  readonly stderrTail?: string | undefined;
  readonly earliest?: number | undefined;
}

/** A job that was running and is pending was put back into the queue: preempted, or a node of it died. It comes again as it is. */
function jobChanged(scaler: Scaler, block: Block, { at, status: { state }, earliest }: JobReport): ScalerEffect[] {
  if (state === 'running') {
    block.jobState = state;
    noteStarted(block, earliest);
  }
  if (state !== 'pending' || block.jobState === 'pending') return [];
  block.jobState = state;
  noteRequeued(scaler, block, at);
  if (block.phase.kind === 'deserted') block.phase = { kind: 'waiting' };
  return [{ kind: 'blockRestarts', blockId: block.id }];
}

interface Registered {
  readonly at: number;
  readonly slots: number;
  readonly earliest?: number | undefined;
}

function managerRegistered(scaler: Scaler, block: Block, { at, slots, earliest }: Registered): ScalerEffect[] {
  noteStarted(block, earliest);
  block.jobState = 'running';
  block.managers++;
  block.slots += slots;
  block.firstManagerAt ??= at;
  block.lastManagerAt = undefined;
  learnSlots(scaler);
  scaler.failures = [];
  if (block.phase.kind === 'draining') {
    // It came late, or to a new interchange: nobody has told it yet.
    block.phase = { kind: 'draining', emptySince: undefined };
    return [{ kind: 'drainBlock', blockId: block.id }];
  }
  if (block.phase.kind !== 'cancelling') block.phase = { kind: 'serving' };
  return [];
}

function managerGone(scaler: Scaler, block: Block, at: number): ScalerEffect[] {
  if (block.managers === 0) return [];
  block.slots -= block.slots / block.managers;
  block.managers--;
  learnSlots(scaler);
  if (block.managers > 0) return [];
  block.lastManagerAt = at;
  if (block.phase.kind === 'serving') block.phase = block.jobState === 'pending' ? { kind: 'waiting' } : { kind: 'deserted', since: at };
  if (block.phase.kind === 'draining') block.phase = { kind: 'draining', emptySince: at };
  return [];
}

interface SubmitFailed {
  readonly at: number;
  readonly error: unknown;
  readonly retryable: boolean;
}

function submitFailed(scaler: Scaler, block: Block, { at, error, retryable }: SubmitFailed): ScalerEffect[] {
  scaler.blocks.delete(block.id);
  if (scaler.mode !== 'running') return [];
  noteTrouble(scaler, at);
  return retryable ? [] : noteFailure(scaler, { blockId: block.id, error });
}

function jobEnded(scaler: Scaler, block: Block, { at, status, stderrTail, earliest }: JobReport): ScalerEffect[] {
  scaler.blocks.delete(block.id);
  noteEnded(scaler, block, at, earliest);
  const { phase } = block;
  const wasExpected = phase.kind === 'draining' || (phase.kind === 'cancelling' && !phase.wasDeserted);
  if (wasExpected || scaler.mode !== 'running') return [];
  return noteEndOf(scaler, block, { blockId: block.id, status, stderrTail }, at);
}

function close(scaler: Scaler): ScalerEffect[] {
  scaler.mode = 'closing';
  return cancelAll(scaler);
}

/** Blocks that have not ended, for people to read. */
export function liveBlocks(scaler: Scaler): readonly Readonly<Block>[] {
  return [...scaler.blocks.values()];
}
