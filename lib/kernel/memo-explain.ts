/**
 * Sentences about what the memo did. Pure.
 */
import type { KeyParts } from '../memo/memo-key.ts';
import type { MemoTable } from '../memo/memo-table.ts';

export const explainTaken = (run: string, task: number, ownRun: string): string =>
  run === ownRun ? `taken from the memo: task ${task} was the same call` : `taken from the memo of run ${run} (its task ${task})`;

export interface Miss {
  readonly taskId: number;
  readonly parts: KeyParts;
  readonly why?: string | undefined;
}

/**
 * Why a task was run: undefined where no other result of the app is known. It was run again on account of what differs from earlier runs,
 * if they have results of the app; in its own run only calls before it could have spared it.
 */
export function explainMiss({ taskId, parts, why }: Miss, table: Pick<MemoTable, 'nearest'>, ownRun: string): string | undefined {
  if (why !== undefined) return `run, though there was a result: ${why}`;
  const near =
    table.nearest(parts, ({ run }) => run !== ownRun) ?? table.nearest(parts, ({ run, task }) => run === ownRun && task < taskId);
  if (!near) return undefined;
  const { run, task } = near.meta;
  const other = run === ownRun ? `task ${task}` : `task ${task} of run ${run}`;
  return `run because it differs from ${other}, the nearest result, in ${near.differing.join(', ')}`;
}
