/**
 * `flotilla show RUN`: one run in numbers.
 */
import { printLines } from '../print.ts';
import { findRun } from '../runs/run-folder.ts';
import { summarizeRun } from '../runs/read-run.ts';
import { runStateOf } from '../runs/run-state.ts';
import { describeRun, runAsData } from '../runs/show-text.ts';
import type { RunsOptions } from './runs.ts';

/** @throws UsageError, EventLogError */
export async function showCommand(which: string, { runDir, json }: RunsOptions): Promise<void> {
  const folder = findRun(which, runDir);
  const summary = await summarizeRun(folder);
  const state = runStateOf(summary);
  if (json) console.log(JSON.stringify(runAsData(folder, summary, state)));
  else printLines(describeRun(folder, summary, state));
}
