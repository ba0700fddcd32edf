/**
 * Why tasks failed, in words: those that saw a wrong input, those that failed otherwise, and those behind them.
 */
import { BashExitError, DependencyError } from 'flotilla';
import type { TaskFutures } from './run-tasks.ts';

/** Exit code of task.sh for an input that is missing or has another size. */
const WRONG_INPUT = 65;

export interface Failures {
  /** 'task X saw a wrong input: input a.txt is missing; …'. */
  readonly wrongInputs: readonly string[];
  readonly others: readonly string[];
  /** Tasks that did not run because one before them failed. */
  readonly notRun: number;
}

/** Waits for all. */
export async function collectFailures(futures: TaskFutures): Promise<Failures> {
  const wrongInputs: string[] = [];
  const others: string[] = [];
  let notRun = 0;
  for (const [id, future] of futures) {
    const error = await future.exception();
    if (error === undefined) continue;
    if (error instanceof DependencyError) notRun++;
    else if (error instanceof BashExitError && error.exitCode === WRONG_INPUT)
      wrongInputs.push(`task ${id} saw a wrong input: ${error.stderrTail.trim().replaceAll('\n', '; ')}`);
    else others.push(`task ${id} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { wrongInputs, others, notRun };
}
