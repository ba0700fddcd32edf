/**
 * What a tick decides: how far the blocks are from those that the work asks for, and which are let go. Part of the scaler, pure
 * as it is.
 */
import { backoffMs, isProven } from './backoff.ts';
import { affordableBlocks, type BlockTimes, budgetFigures, exhaustedAt, isOverdrawn, newTimes } from './budget.ts';
import { judgeShortLived } from './breaker.ts';
import { blocksFor, wantedBlocks } from './demand.ts';
import type { Block, BlockLoad, Scaler, ScalerEffect } from './scaler-types.ts';

/** How long a block without managers is kept, where the executor does not say. */
const DESERTED_LIMIT_MS = 30_000;
/** A drained block's job is given so long to end after its last manager has left. */
const LEAVE_LIMIT_MS = 5000;

export function balance(scaler: Scaler, at: number, load: BlockLoad): ScalerEffect[] {
  const givenUp = judgeShortLived(scaler, load);
  if (givenUp.length > 0) return givenUp;
  noteIdleness(scaler, at, load);
  noteProof(scaler, at);
  const effects = [...cancelEmptyBlocks(scaler, at), ...keepToBudget(scaler, at), ...reach(scaler, at, load)];
  const next = Math.min(exhaustedAt(scaler, at) ?? Number.POSITIVE_INFINITY, nextEmptyAt(scaler));
  return Number.isFinite(next) && next > at ? [...effects, { kind: 'wake', at: next }] : effects;
}

/** Gets closer to as many blocks as are wanted. */
function reach(scaler: Scaler, at: number, load: BlockLoad): ScalerEffect[] {
  const wanted = wantedBlocks(scaler, load);
  const active = activeBlocks(scaler);
  const exchanged = exchange(scaler, active, load);
  if (exchanged.length > 0) return exchanged;
  if (active.length <= wanted) scaler.excessSince = undefined;
  scaler.isBudgetShort = active.length < wanted && affordableBlocks(scaler, at) < 1;
  if (scaler.isBudgetShort) return scaler.blocks.size === 0 && load.outstanding > 0 ? giveUp(scaler, at) : [];
  if (active.length < wanted) return grow(scaler, at, wanted - active.length);
  if (active.length > wanted) return shrink(scaler, at, load, active.length - wanted);
  return [];
}

/** Nothing is left that could end early and give back what it has reserved. */
function giveUp(scaler: Scaler, at: number): ScalerEffect[] {
  const figures = budgetFigures(scaler, at);
  if (figures === undefined) return [];
  scaler.mode = 'failed';
  return [{ kind: 'budgetSpent', figures }];
}

/** Youngest first, and those that wait before those that run. One that is being submitted has no job yet; its turn is the next tick. */
function keepToBudget(scaler: Scaler, at: number): ScalerEffect[] {
  const effects: ScalerEffect[] = [];
  while (isOverdrawn(scaler, at)) {
    const live = [...scaler.blocks.values()].filter(({ phase }) => phase.kind !== 'cancelling' && phase.kind !== 'submitting');
    const block = live.findLast(({ phase }) => phase.kind === 'waiting') ?? live.at(-1);
    if (block === undefined) return effects;
    effects.push(cancel(block));
  }
  return effects;
}

/** Those that run tasks or will; draining and cancelled ones still count against maxBlocks. */
function activeBlocks(scaler: Scaler): Block[] {
  return [...scaler.blocks.values()].filter(({ phase }) => phase.kind !== 'draining' && phase.kind !== 'cancelling');
}

function noteIdleness(scaler: Scaler, at: number, load: BlockLoad): void {
  scaler.idleSince = load.outstanding === 0 ? (scaler.idleSince ?? at) : undefined;
  for (const block of scaler.blocks.values()) {
    const tasks = load.outstanding === 0 ? 0 : load.perBlock === undefined ? load.outstanding : (load.perBlock.get(block.id) ?? 0);
    block.idleSince = tasks === 0 && block.managers > 0 ? (block.idleSince ?? at) : undefined;
  }
}

function noteProof(scaler: Scaler, at: number): void {
  const proven = [...scaler.blocks.values()].some((block) => block.managers > 0 && isProven(block, at));
  if (!proven || scaler.failures.length > 0) return;
  scaler.troubles = 0;
  scaler.notBefore = Number.NEGATIVE_INFINITY;
}

function cancelEmptyBlocks(scaler: Scaler, at: number): ScalerEffect[] {
  const overdue = [...scaler.blocks.values()].filter((block) => emptyUntil(scaler, block) <= at);
  return overdue.map((block) => cancel(block, block.phase.kind === 'deserted'));
}

const nextEmptyAt = (scaler: Scaler): number => Math.min(...[...scaler.blocks.values()].map((block) => emptyUntil(scaler, block)));

/** How long it may be without managers; Infinity: it has some, or waits for its first. */
function emptyUntil({ options }: Scaler, { phase }: Block): number {
  if (phase.kind === 'deserted') return phase.since + (options.desertedLimitMs ?? DESERTED_LIMIT_MS);
  return phase.kind === 'draining' && phase.emptySince !== undefined ? phase.emptySince + LEAVE_LIMIT_MS : Number.POSITIVE_INFINITY;
}

function grow(scaler: Scaler, at: number, missing: number): ScalerEffect[] {
  if (at < scaler.notBefore) return [{ kind: 'wake', at: scaler.notBefore }];
  if (scaler.troubles === 0) return submitBlocks(scaler, at, missing);
  scaler.notBefore = at + backoffMs(scaler.troubles);
  return submitBlocks(scaler, at, 1);
}

/**
 * Where all blocks are in use that there may be, and work waits for which they have too little time left, the idle ones make room for new
 * ones. Not while a block is on its way. That no block is let go for work that no other has time for either is the executor's to see to.
 */
function exchange(scaler: Scaler, active: readonly Block[], load: BlockLoad): ScalerEffect[] {
  const { strategy, limits } = scaler.options;
  const { timeless = 0, perBlock } = load;
  if (timeless === 0 || perBlock === undefined || strategy === 'none') return [];
  if (scaler.blocks.size < limits.maxBlocks || active.length < scaler.blocks.size) return [];
  if (active.some(({ phase }) => phase.kind !== 'serving')) return [];
  const idle = active.filter(({ idleSince }) => idleSince !== undefined);
  return idle.slice(0, blocksFor(scaler, timeless)).map(letGo);
}

/** At most as many as maxBlocks leaves room for, and as the budget allows. */
export function submitBlocks(scaler: Scaler, at: number, count: number): ScalerEffect[] {
  const room = Math.min(scaler.options.limits.maxBlocks - scaler.blocks.size, affordableBlocks(scaler, at));
  return Array.from({ length: Math.max(0, Math.min(count, room)) }, () => {
    const block = addBlock(scaler, String(scaler.nextBlock++), 'submitting', newTimes(at));
    return { kind: 'submitBlock', blockId: block.id } as const;
  });
}

export function addBlock(scaler: Scaler, id: string, kind: 'submitting' | 'waiting', times: BlockTimes): Block {
  const nothing = { managers: 0, slots: 0, firstManagerAt: undefined, lastManagerAt: undefined, idleSince: undefined };
  const block: Block = { id, times, jobState: 'pending', phase: { kind }, ...nothing };
  scaler.blocks.set(id, block);
  return block;
}

function shrink(scaler: Scaler, at: number, load: BlockLoad, excess: number): ScalerEffect[] {
  scaler.excessSince ??= at;
  return dispensableBlocks(scaler, at, load).slice(0, excess).map(letGo);
}

/** Those that have been idle for long enough; first the ones that have not begun, then the longest idle. */
function dispensableBlocks(scaler: Scaler, at: number, load: BlockLoad): Block[] {
  const { strategy, maxIdleTimeMs } = scaler.options;
  const isLong = (since: number | undefined): boolean => since !== undefined && at - since >= maxIdleTimeMs;
  if (strategy === 'none') return [];
  if (strategy === 'simple' && (load.outstanding > 0 || !isLong(scaler.idleSince))) return [];
  const blocks = [...scaler.blocks.values()];
  const waiting = isLong(scaler.excessSince) ? blocks.filter(({ phase }) => phase.kind === 'waiting').reverse() : [];
  const idle = blocks.filter(({ phase, idleSince }) => phase.kind === 'serving' && isLong(idleSince));
  return [...waiting, ...idle.sort((a, b) => (a.idleSince ?? at) - (b.idleSince ?? at))];
}

function letGo(block: Block): ScalerEffect {
  if (block.phase.kind === 'waiting') return cancel(block);
  block.phase = { kind: 'draining', emptySince: undefined };
  return { kind: 'drainBlock', blockId: block.id };
}

function cancel(block: Block, wasDeserted = false): ScalerEffect {
  block.phase = { kind: 'cancelling', wasDeserted };
  return { kind: 'cancelBlock', blockId: block.id };
}
