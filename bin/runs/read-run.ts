/**
 * Reads the event log of a run into projections.
 */
import { join } from 'node:path';
import { EVENT_LOG } from '../../lib/events/format.ts';
import { RunSummary } from '../../lib/events/projections/run-summary.ts';
import { TaskHistories, type TaskHistory } from '../../lib/events/projections/task-histories.ts';
import { type ReadOptions, readEvents } from '../../lib/events/reader.ts';
import type { RunFolder } from './run-folder.ts';

/** @throws EventLogError */
export async function summarizeRun({ path }: RunFolder): Promise<RunSummary> {
  const summary = new RunSummary();
  for await (const batch of readEvents(join(path, EVENT_LOG), conditionOf(summary))) for (const logged of batch) summary.add(logged);
  return summary;
}

/** Has the summary told what its log says of itself. */
export const conditionOf = (summary: RunSummary): ReadOptions => ({ condition: (condition) => (summary.log = condition) });

/** What there is to tell of one task. */
export interface TaskStory {
  readonly summary: RunSummary;
  readonly task: TaskHistory | undefined;
  /** Tasks that the task took values from, and the chain of failures before it, by id. */
  readonly others: ReadonlyMap<number, TaskHistory>;
  /** From the task directly before it to the one whose own failure it was. */
  readonly chain: readonly number[];
  /** What the body of a join called. */
  readonly children: readonly number[];
}

/** Two passes: which other tasks matter is known after the first; so memory stays small, however many tasks there are. */
export async function readTask(folder: RunFolder, taskId: number): Promise<TaskStory> {
  const path = join(folder.path, EVENT_LOG);
  const summary = new RunSummary();
  const own = new TaskHistories((id) => id === taskId);
  const upstream = new Map<number, number>();
  const children: number[] = [];
  for await (const batch of readEvents(path, conditionOf(summary))) {
    for (const logged of batch) {
      summary.add(logged);
      own.add(logged);
      const { event } = logged;
      if (event.kind === 'taskCalled' && event.parent === taskId) children.push(event.taskId);
      else if (event.kind === 'taskEnded' && event.upstream !== undefined) upstream.set(event.taskId, event.upstream);
    }
  }
  const task = own.get(taskId);
  const chain = chainFrom(taskId, upstream);
  return { summary, task, chain, children, others: await readOthers(path, new Set([...(task?.after ?? []), ...chain])) };
}

function chainFrom(taskId: number, upstream: ReadonlyMap<number, number>): number[] {
  const chain: number[] = [];
  for (let at = upstream.get(taskId); at !== undefined; at = upstream.get(at)) chain.push(at);
  return chain;
}

async function readOthers(path: string, ids: ReadonlySet<number>): Promise<ReadonlyMap<number, TaskHistory>> {
  if (ids.size === 0) return new Map();
  const histories = new TaskHistories((id) => ids.has(id));
  for await (const batch of readEvents(path)) for (const logged of batch) histories.add(logged);
  return new Map([...histories.all()].map((history) => [history.taskId, history]));
}
