/**
 * What there is to retry of a run, and what would have to run again although it was done: its events, held against its checkpoint.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beginningOf } from '../../lib/errors/message-parts.ts';
import { EVENT_LOG } from '../../lib/events/format.ts';
import { RunSummary } from '../../lib/events/projections/run-summary.ts';
import { takenFrom, TaskHistories, type TaskHistory } from '../../lib/events/projections/task-histories.ts';
import { readEvents } from '../../lib/events/reader.ts';
import { decodeResult } from '../../lib/memo/checkpoint-format.ts';
import { readCheckpoint } from '../../lib/memo/checkpoint-reader.ts';
import { hasLeftSomething } from '../../lib/durable/resumable.ts';
import { isDurable } from '../../lib/durable/run-file.ts';
import { checkpointPathOf } from '../../lib/memo/find-checkpoints.ts';
import { UsageError } from '../usage-error.ts';
import { conditionOf } from './read-run.ts';
import type { RunFolder } from './run-folder.ts';
import { type RunState, runStateOf } from './run-state.ts';

/** A task that is not done. */
export interface OpenTask {
  readonly taskId: number;
  readonly name: string;
  /** Of the call. */
  readonly label: string | undefined;
  readonly state: 'failed' | 'ignored' | 'dependencyFailed' | 'cancelled' | 'not ended';
  /** Name of its error, and what that says first. */
  readonly why: string | undefined;
}

export interface RetryFacts {
  readonly folder: RunFolder;
  readonly summary: RunSummary;
  readonly state: RunState;
  readonly open: readonly OpenTask[];
  /** By app, how many tasks were done and have no result to take. Joins do not count: they run in the driver. */
  readonly unkept: ReadonlyMap<string, number>;
  /** The run directory to resume; undefined where nothing was kept. */
  readonly resume: string | undefined;
}

/** Whether there is anything to run again: a run that was cut short may have tasks that it had not even called. */
export const isUnfinished = ({ open, state, summary }: RetryFacts): boolean =>
  open.length > 0 || state !== 'closed' || summary.wasInterrupted;

/** @throws UsageError for a checkpoint that cannot be read; EventLogError */
export async function readRetryFacts(folder: RunFolder): Promise<RetryFacts> {
  const sorter = new TaskSorter(folder.run, await readKept(folder));
  const summary = new RunSummary();
  for await (const batch of readEvents(join(folder.path, EVENT_LOG), conditionOf(summary))) {
    for (const logged of batch) {
      summary.add(logged);
      const task = sorter.tasks.add(logged);
      if (task && logged.event.kind === 'taskEnded') sorter.end(task);
    }
  }
  sorter.rest();
  const { open, unkept } = sorter;
  // A run that can be taken over keeps every result.
  const again = isDurable(folder.path) ? new Map<string, number>() : unkept;
  return { folder, summary, state: runStateOf(summary), open, unkept: again, resume: sourceOf(folder, summary) };
}

/** What it has left goes back to those that it resumed; a run that has nothing was cut short before it had any result. */
function sourceOf({ path }: RunFolder, { started }: RunSummary): string | undefined {
  return [path, ...(started?.resumed ?? []).map((file) => dirname(dirname(file))).reverse()].find(hasLeftSomething);
}

/** The tasks of the run whose results are in its checkpoint. */
async function readKept({ run, path }: RunFolder): Promise<ReadonlySet<number>> {
  const file = checkpointPathOf(path);
  const kept = new Set<number>();
  if (!existsSync(file)) return kept;
  try {
    await readCheckpoint(file, (_, body) => {
      const { meta } = decodeResult(body);
      if (meta.run === run) kept.add(meta.task);
    });
  } catch (error) {
    throw new UsageError(
      `the results of run ${run} cannot be read: ${(error as Error).message} (${file}); without that file everything would run again`,
    );
  }
  return kept;
}

class TaskSorter {
  readonly open: OpenTask[] = [];
  readonly unkept = new Map<string, number>();
  /** Those that have not ended. */
  readonly tasks = new TaskHistories();
  readonly #run: string;
  readonly #kept: ReadonlySet<number>;

  constructor(run: string, kept: ReadonlySet<number>) {
    this.#run = run;
    this.#kept = kept;
  }

  end(task: TaskHistory): void {
    this.tasks.forget(task.taskId);
    if (task.state !== 'done') this.open.push(toOpen(task));
    else if (task.app !== 'join' && !this.#isKept(task)) this.unkept.set(task.name, (this.unkept.get(task.name) ?? 0) + 1);
  }

  rest(): void {
    for (const task of this.tasks.all()) this.open.push(toOpen(task));
  }

  #isKept(task: TaskHistory): boolean {
    const source = takenFrom(task);
    if (source && source.run !== this.#run) return true;
    return this.#kept.has(source?.task ?? task.taskId) || this.#isWithinKept(task);
  }

  /** A join whose result is taken calls nothing. */
  #isWithinKept({ parent }: TaskHistory): boolean {
    for (let at = parent; at !== undefined; at = this.tasks.get(at)?.parent) if (this.#kept.has(at)) return true;
    return false;
  }
}

function toOpen({ taskId, name, label, state, endedMs, error }: TaskHistory): OpenTask {
  const why = error && `${error.name}: ${beginningOf(error.message)}`;
  return { taskId, name, label, state: endedMs === undefined ? 'not ended' : (state as OpenTask['state']), why };
}
