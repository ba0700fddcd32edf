/**
 * `flotilla explain RUN TASK`: everything that happened to one task.
 */
import { explainTask } from '../runs/explain-text.ts';
import { findRun, toTaskId } from '../runs/run-folder.ts';
import { UsageError } from '../usage-error.ts';
import { readTask } from '../runs/read-run.ts';
import { runStateOf } from '../runs/run-state.ts';
import type { RunsOptions } from './runs.ts';

/** @throws UsageError, EventLogError */
export async function explainCommand(which: string, taskId: string, { runDir, json }: RunsOptions): Promise<void> {
  const folder = findRun(which, runDir);
  const { task, ...story } = await readTask(folder, toTaskId(taskId));
  if (!task) throw new UsageError(`run ${folder.run} has no task ${taskId}; it has ${story.summary.counts.total} task(s)`);
  const state = runStateOf(story.summary);
  if (!json) return console.log(explainTask(task, story, { run: folder.run, state }).join('\n'));
  const { chain, children } = story;
  console.log(JSON.stringify({ run: folder.run, runState: state, ...task, failedBefore: chain, children }));
}
