/**
 * Sentences about what the memo did. Pure.
 */
import type { KeyParts } from '../memo/memo-key.ts';
import type { MemoTable } from '../memo/memo-table.ts';

export const explainTaken = (run: string, task: number, ownRun: string): string =>
  run === ownRun ? `taken from the memo: task ${task} was the same call` : `taken from the memo of run ${run} (its task ${task})`;

/** Why a task was run: undefined where no other result of the app is known. */
export function explainMiss(
  { parts, why }: { readonly parts: KeyParts; readonly why?: string | undefined },
  table: Pick<MemoTable, 'nearest'>,
  ownRun: string,
): string | undefined {
  if (why !== undefined) return `run, though there was a result: ${why}`;
  const near = table.nearest(parts);
  if (!near) return undefined;
  const { run, task } = near.meta;
  const other = run === ownRun ? `task ${task}` : `task ${task} of run ${run}`;
  return `run because it differs from ${other}, the nearest result, in ${near.differing.join(', ')}`;
}
