/**
 * The node-hours that blocks have used and may still use. Pure arithmetic, in node-milliseconds; what is not known for sure is taken for
 * the worst, so that `maxNodeHours` is never exceeded.
 *
 * A block with a walltime may use all of it, however little it has used: so much is reserved when it is submitted, and what is left over
 * is free again when it has ended. One without has no such bound: it is cancelled early enough for STOP_MS to pass until it has ended.
 */
import type { Block, Scaler } from './scaler-types.ts';

/** The most that a job takes to end when it is cancelled. */
const STOP_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface BudgetFigures {
  readonly maxNodeHours: number;
  /** By blocks that have ended, and by the others until now. */
  readonly usedNodeHours: number;
  /** What the others may still use. */
  readonly reservedNodeHours: number;
  /** What another block takes. */
  readonly nextNodeHours: number;
}

/** What goes on in a block now, and what went on before, if its job was started again. */
export interface BlockTimes {
  readonly submittedAt: number;
  /** The earliest that its job can have started; undefined while it waits. */
  startedAt: number | undefined;
  /** Of earlier starts of the job, ms. */
  earlierMs: number;
}

export const newTimes = (submittedAt: number, startedAt?: number): BlockTimes => ({ submittedAt, startedAt, earlierMs: 0 });

/** Its job runs. @param earliest when it may have begun to; undefined: at any time since it was submitted. */
export function noteStarted({ times }: Block, earliest: number | undefined): void {
  times.startedAt ??= earliest ?? times.submittedAt;
}

/** The scheduler has put its job back into the queue: it will have all of its walltime once more. */
export function noteRequeued(scaler: Scaler, { times }: Block, at: number): void {
  if (times.startedAt === undefined) return;
  times.earlierMs += boundedRun(scaler, at - times.startedAt);
  times.startedAt = undefined;
}

/** The job is over. @param earliest since when it may have run if nobody has seen it run. */
export function noteEnded(scaler: Scaler, block: Block, at: number, earliest: number | undefined): void {
  noteStarted(block, earliest);
  noteRequeued(scaler, block, at);
  scaler.spentNodeMs += scaler.options.limits.nodesPerBlock * block.times.earlierMs;
}

/** How many more blocks the budget allows. */
export function affordableBlocks(scaler: Scaler, at: number): number {
  const limit = limitOf(scaler);
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, Math.floor((limit - committed(scaler, at)) / nextBlock(scaler)));
}

/** Whether more may be used than the budget has, if nothing is cancelled. */
export function isOverdrawn(scaler: Scaler, at: number): boolean {
  const limit = limitOf(scaler);
  return limit !== undefined && committed(scaler, at) > limit;
}

/** When blocks without a walltime will have used so much that they have to be cancelled; undefined: never, as far as is known. */
export function exhaustedAt(scaler: Scaler, at: number): number | undefined {
  const limit = limitOf(scaler);
  const { nodesPerBlock, walltimeMs } = scaler.options.limits;
  if (limit === undefined || walltimeMs !== undefined) return undefined;
  const running = [...scaler.blocks.values()].filter(({ times }) => times.startedAt !== undefined).length;
  return running === 0 ? undefined : at + Math.floor((limit - committed(scaler, at)) / (running * nodesPerBlock)) + 1;
}

export function budgetFigures(scaler: Scaler, at: number): BudgetFigures | undefined {
  const { maxNodeHours, nodesPerBlock } = scaler.options.limits;
  if (maxNodeHours === undefined) return undefined;
  let used = scaler.spentNodeMs;
  for (const block of scaler.blocks.values()) used += nodesPerBlock * usedBy(scaler, block, at);
  return {
    maxNodeHours,
    usedNodeHours: used / HOUR_MS,
    reservedNodeHours: (committed(scaler, at) - used) / HOUR_MS,
    nextNodeHours: nextBlock(scaler) / HOUR_MS,
  };
}

const limitOf = ({ options }: Scaler): number | undefined =>
  options.limits.maxNodeHours === undefined ? undefined : Math.floor(options.limits.maxNodeHours * HOUR_MS);

const nextBlock = ({ options: { limits } }: Scaler): number => limits.nodesPerBlock * (limits.walltimeMs ?? STOP_MS);

/** The scheduler ends it at its walltime; that we hear of it late costs nothing. */
const boundedRun = ({ options }: Scaler, ms: number): number => Math.max(0, Math.min(ms, options.limits.walltimeMs ?? ms));

function usedBy(scaler: Scaler, { times }: Block, at: number): number {
  return times.earlierMs + (times.startedAt === undefined ? 0 : boundedRun(scaler, at - times.startedAt));
}

function committed(scaler: Scaler, at: number): number {
  let sum = scaler.spentNodeMs;
  for (const block of scaler.blocks.values()) sum += scaler.options.limits.nodesPerBlock * mayUse(scaler, block, at);
  return sum;
}

/** What it has used, and will have used when it has ended, at worst. */
function mayUse(scaler: Scaler, block: Block, at: number): number {
  const { walltimeMs = Number.POSITIVE_INFINITY } = scaler.options.limits;
  const untilStopped = usedBy(scaler, block, at) + STOP_MS;
  if (block.phase.kind === 'cancelling' || walltimeMs === Number.POSITIVE_INFINITY)
    return Math.min(untilStopped, block.times.earlierMs + walltimeMs);
  return block.times.earlierMs + walltimeMs;
}
