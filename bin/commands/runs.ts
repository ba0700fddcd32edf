/**
 * `flotilla runs`: the runs of a directory, a line for each.
 */
import { RunSummary } from '../../lib/events/projections/run-summary.ts';
import { printLines, sayLines } from '../print.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { summarizeRun } from '../runs/read-run.ts';
import { describeGaps, runStateOf } from '../runs/run-state.ts';
import { runAsData, wallMsOf } from '../runs/show-text.ts';
import { formatDate, formatMs, formatTable, nameInvocation } from '../runs/words.ts';

export interface RunsOptions {
  readonly runDir: string;
  readonly json: boolean;
}

export async function listCommand({ runDir, json }: RunsOptions): Promise<void> {
  const runs: [RunFolder, RunSummary][] = [];
  for (const folder of listRuns(runDir)) runs.push([folder, await summarizeOrEmpty(folder)]);
  if (json) console.log(JSON.stringify(runs.map(([folder, summary]) => runAsData(folder, summary, runStateOf(summary)))));
  else printLines(runs.length === 0 ? [`no runs in ${runDir}`] : formatTable(HEADS, runs.map(toRow)));
}

/** `flotilla map` may have had thousands of arguments. */
const INVOCATION_LENGTH = 100;
const HEADS = ['run', 'started', 'took', 'state', 'tasks', 'done', 'taken', 'failed', 'ignored', 'not run', 'cancelled', 'script'];

function toRow([{ run }, summary]: readonly [RunFolder, RunSummary]): (string | number)[] {
  const { startedMs, started, counts } = summary;
  const { total, done, memoized, failed, ignored, dependencyFailed, cancelled } = counts;
  const since = startedMs === undefined ? '?' : formatDate(startedMs);
  const script = started ? nameInvocation(started, INVOCATION_LENGTH) : '';
  const ends = [total, done, memoized, failed, ignored, dependencyFailed, cancelled];
  return [run, since, formatMs(wallMsOf(summary)), stateCell(summary), ...ends, script];
}

/** `show` says what is missing. */
const stateCell = (summary: RunSummary): string =>
  describeGaps(summary) === undefined ? runStateOf(summary) : `${runStateOf(summary)}, events missing`;

/** One log that cannot be read (of another version, perhaps) must not hide the others. */
async function summarizeOrEmpty(folder: RunFolder): Promise<RunSummary> {
  try {
    return await summarizeRun(folder);
  } catch (error) {
    sayLines([(error as Error).message]);
    const summary = new RunSummary();
    summary.log = { ...summary.log, isDamaged: true };
    return summary;
  }
}
