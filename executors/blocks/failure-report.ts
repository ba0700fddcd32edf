/**
 * Blocks that could not be started → the error that fails the executor. Owns its words.
 */
import { ExecutorFailed } from '../../lib/errors/engine-errors.ts';
import { quoteStderr } from '../../lib/errors/message-parts.ts';
import type { BlockFailure } from './scaler-types.ts';

/** @param scriptDir where the blocks' scripts and logs are. */
export function executorFailed(label: string, failures: readonly BlockFailure[], scriptDir: string): ExecutorFailed {
  const last = failures.at(-1);
  const count = failures.length === 1 ? 'a block' : `${failures.length} blocks in a row`;
  const list = failures.map((failure) => `\n  block ${failure.blockId}: ${describeFailure(failure)}`).join('');
  const reason = `${count} ended before a manager registered:${list}${quoteStderr(last?.stderrTail)}\nscripts and logs are in ${scriptDir}`;
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

/** One line: "failed, exit code 127". */
export function describeFailure({ status, error }: BlockFailure): string {
  if (status === undefined) return error instanceof Error ? error.message : String(error);
  return status.reason === undefined ? status.state : `${status.state}, ${status.reason}`;
}
