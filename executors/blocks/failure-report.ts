/**
 * Blocks that could not be started → the error that fails the executor. Owns its words.
 */
import { ExecutorFailed } from '../../lib/errors/engine-errors.ts';
import { hintAtAbort, quoteStderr } from '../../lib/errors/message-parts.ts';
import type { BudgetFigures } from './budget.ts';
import type { BlockFailure } from './scaler-types.ts';

interface FailedBlocks {
  readonly failures: readonly BlockFailure[];
  /** Whether managers of theirs had registered. */
  readonly hadManagers: boolean;
}

/** @param scriptDir where the blocks' scripts and logs are. */
export function executorFailed(label: string, { failures, hadManagers }: FailedBlocks, scriptDir: string): ExecutorFailed {
  const last = failures.at(-1);
  const count = failures.length === 1 ? 'a block' : `${failures.length} blocks in a row`;
  const list = failures.map((failure) => `\n  block ${failure.blockId}: ${describeFailure(failure)}`).join('');
  const how = hadManagers
    ? 'ended within seconds of the registration of their managers, and not one task has ended there'
    : 'ended before a manager registered';
  const hint = hintAtAbort(last?.status?.exitCode, last?.status?.signal);
  const reason = `${count} ${how}:${list}${hint}${quoteStderr(last?.stderrTail)}\nscripts and logs are in ${scriptDir}`;
  return new ExecutorFailed(label, reason, {
    ...(last?.error !== undefined && { cause: last.error }),
    fields: {
      exitCode: last?.status?.exitCode,
      signal: last?.status?.signal,
      stderrTail: last?.stderrTail,
      stderrPath: last?.status?.stderrPath,
      failures,
    },
  });
}

/** @param waiting tasks that are not done. */
export function budgetSpent(label: string, figures: BudgetFigures, waiting: number): ExecutorFailed {
  const tasks = waiting === 1 ? 'a task waits' : `${waiting} tasks wait`;
  const { maxNodeHours, usedNodeHours } = figures;
  const reason = `its budget is used up, and ${tasks}: ${describeFigures(figures)}; raise the provider's maxNodeHours, and resume the run`;
  return new ExecutorFailed(label, reason, { fields: { maxNodeHours, usedNodeHours } });
}

/** "of maxNodeHours: 12, 11.4 are used and 0.5 reserved by the blocks there are, and another block takes 1". */
export function describeFigures({ maxNodeHours, usedNodeHours, reservedNodeHours, nextNodeHours }: BudgetFigures): string {
  const reserved = reservedNodeHours > 0 ? ` and ${hours(reservedNodeHours)} reserved by the blocks there are` : '';
  return `of maxNodeHours: ${maxNodeHours}, ${hours(usedNodeHours)} are used${reserved}, and another block takes ${hours(nextNodeHours)}`;
}

/** Three digits that count. */
const hours = (value: number): string => String(Number(value.toPrecision(3)));

/** One line: "failed, exit code 127". */
export function describeFailure({ status, error }: BlockFailure): string {
  if (status === undefined) return error instanceof Error ? error.message : String(error);
  return status.reason === undefined ? status.state : `${status.state}, ${status.reason}`;
}
