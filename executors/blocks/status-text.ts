/**
 * What a person reads who asks why nothing runs. Owns the words; the facts come from the scaler and the jobs.
 */
import type { BlockJob } from './block-jobs.ts';
import { budgetFigures } from './budget.ts';
import { describeFailure, describeFigures } from './failure-report.ts';
import { liveBlocks } from './scaler.ts';
import type { Block, Scaler } from './scaler-types.ts';

/** One clause per block: "block 0 is pending since 2026-11-20T10:00:00.000Z (job local-123)". */
export function describeBlocks(scaler: Scaler, jobOf: (blockId: string) => BlockJob | undefined, now: number): string {
  const blocks = liveBlocks(scaler).map((block) => describeBlock(block, jobOf(block.id)));
  const budget = describeBudget(scaler, now);
  const why = [...describeBackoff(scaler, now), ...(budget === undefined ? [] : [budget])];
  return [...(blocks.length === 0 ? [describeAbsence(scaler)] : blocks), ...why].join('; ');
}

/** undefined: there is none, or it allows what is wanted. */
export function describeBudget(scaler: Scaler, now: number): string | undefined {
  const figures = scaler.isBudgetShort ? budgetFigures(scaler, now) : undefined;
  return figures && `the budget allows no other block now: ${describeFigures(figures)}`;
}

function describeBlock(block: Readonly<Block>, job: BlockJob | undefined): string {
  if (job === undefined) return `block ${block.id} is being submitted`;
  const where = `(job ${job.jobId})`;
  const since = `since ${new Date(job.since).toISOString()} ${where}`;
  switch (block.phase.kind) {
    case 'serving':
      return `block ${block.id} has ${plural(block.managers, 'manager')} with ${plural(block.slots, 'slot')} ${where}`;
    case 'deserted':
      return `block ${block.id} has lost its managers, its job is ${job.state} ${since}`;
    case 'draining':
      return `block ${block.id} takes no new tasks and leaves ${where}`;
    case 'cancelling':
      return `block ${block.id} is being cancelled ${where}`;
    case 'submitting':
    case 'waiting':
      return job.state === 'running'
        ? `block ${block.id} runs ${since}, but no manager has registered`
        : `block ${block.id} is ${job.state} ${since}${job.reason === undefined ? '' : `: ${job.reason}`}`;
  }
}

function describeAbsence({ mode, options }: Scaler): string {
  if (mode === 'failed') return 'no block: starting them was given up';
  if (mode === 'closing') return 'no block: the executor is closing';
  const { initBlocks, minBlocks } = options.limits;
  if (options.strategy === 'none' && Math.max(initBlocks, minBlocks) === 0) {
    return "no block, and strategy 'none' with initBlocks: 0 starts none; set initBlocks, or another strategy";
  }
  return 'no block';
}

function describeBackoff({ troubles, notBefore, failures, mode }: Scaler, now: number): string[] {
  if (mode !== 'running' || notBefore <= now) return [];
  const last = failures.at(-1);
  const why = last === undefined ? '' : ` (the last: ${describeFailure(last)})`;
  return [`the next is submitted in ${Math.ceil((notBefore - now) / 1000)} s, after ${plural(troubles, 'block')} went wrong${why}`];
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
