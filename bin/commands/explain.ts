/**
 * `flotilla explain RUN TASK`: everything that happened to one task.
 */
import { existsSync } from 'node:fs';
import type { RunSummary } from '../../lib/events/projections/run-summary.ts';
import { printLines } from '../print.ts';
import { explainTask } from '../runs/explain-text.ts';
import { findRun, type RunFolder, toTaskId } from '../runs/run-folder.ts';
import { UsageError } from '../usage-error.ts';
import { readTask } from '../runs/read-run.ts';
import { describeGaps, runStateOf } from '../runs/run-state.ts';
import type { RunsOptions } from './runs.ts';

/** @throws UsageError, EventLogError */
export async function explainCommand(which: string, taskId: string, { runDir, json }: RunsOptions): Promise<void> {
  const folder = findRun(which, runDir);
  const { task, ...story } = await readTask(folder, toTaskId(taskId));
  const gaps = describeGaps(story.summary);
  if (!task) throw noSuchTask(folder, taskId, story.summary);
  const state = runStateOf(story.summary);
  if (!json) {
    const lines = explainTask(task, story, { run: folder.run, state, isGone: (path) => !existsSync(path) });
    return printLines([...lines, ...(gaps === undefined ? [] : [`  ${gaps}`])]);
  }
  const { chain, children } = story;
  console.log(JSON.stringify({ run: folder.run, runState: state, gaps, ...task, failedBefore: chain, children }));
}

export function noSuchTask({ run }: RunFolder, taskId: number | string, summary: RunSummary): UsageError {
  const gaps = describeGaps(summary);
  return new UsageError(`run ${run} has no task ${taskId}; ${tasksOf(summary)}${gaps === undefined ? '' : `; ${gaps}`}`);
}

const tasksOf = ({ counts, firstTask = 1, lastTask }: RunSummary): string =>
  firstTask === 1 ? `it has ${counts.total} task(s)` : `its ${counts.total} task(s) are numbered ${firstTask} to ${lastTask}`;
