/**
 * Who waits for whom, found from the files alone: a task waits for the tasks that write what it reads.
 *
 * Where a file has several writers, or one that also reads it, the files alone do not say which state of it is meant. There the
 * recorded order decides: a task reads what the writers before it have written.
 */
import { WorkflowFileError } from './field.ts';
import { orderByNeeds } from './topological-order.ts';
import type { Workflow, WorkflowTask } from './workflow.ts';

/** A file that a task reads, and who writes it. */
export interface FileLink {
  readonly file: string;
  readonly writer: string;
}

export interface FileLinks {
  /** By id of the reading task. */
  readonly links: ReadonlyMap<string, readonly FileLink[]>;
  /** Read before any task has written them: they must be there first. */
  readonly initialFiles: readonly string[];
  /** The tasks, each after those that it waits for. */
  readonly ordered: readonly WorkflowTask[];
}

/** @throws WorkflowFileError naming the tasks of a cycle. */
export function linkByFiles({ tasks }: Workflow): FileLinks {
  const writersOf = collectWriters(tasks);
  const initialFiles = new Set<string>();
  const links = new Map<string, FileLink[]>();
  for (const task of tasks) {
    const own: FileLink[] = [];
    for (const file of task.inputs) {
      const writers = writersOf(task, file);
      if (writers.length === 0) initialFiles.add(file);
      for (const writer of writers) own.push({ file, writer });
    }
    links.set(task.id, own);
  }
  return { links, initialFiles: [...initialFiles], ordered: orderTasks(tasks, links) };
}

/** @returns the writers whose work a reader of a file sees. */
function collectWriters(tasks: readonly WorkflowTask[]): (reader: WorkflowTask, file: string) => readonly string[] {
  const all = new Map<string, string[]>();
  for (const { id, outputs } of tasks) for (const file of outputs) all.set(file, [...(all.get(file) ?? []), id]);
  let ranks: ReadonlyMap<string, number> | undefined;
  return (reader, file) => {
    const writers = all.get(file) ?? [];
    if (writers.length <= 1 && !writers.includes(reader.id)) return writers;
    ranks ??= recordedRanks(tasks);
    const rankOf = (id: string): number => ranks?.get(id) ?? 0;
    return writers.filter((writer) => rankOf(writer) < rankOf(reader.id));
  };
}

function recordedRanks(tasks: readonly WorkflowTask[]): ReadonlyMap<string, number> {
  const { sorted, cycle } = orderByNeeds(
    tasks.map(({ id }) => id),
    new Map(tasks.map(({ id, parents }) => [id, parents])),
  );
  if (cycle) throw new WorkflowFileError(`the recorded parents go in a circle: ${[...cycle, cycle[0]].join(' after ')}`);
  return new Map(sorted.map((id, rank) => [id, rank]));
}

function orderTasks(tasks: readonly WorkflowTask[], links: ReadonlyMap<string, readonly FileLink[]>): WorkflowTask[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const needs = new Map([...links].map(([id, own]) => [id, own.map(({ writer }) => writer)]));
  const { sorted, cycle } = orderByNeeds([...byId.keys()], needs);
  if (cycle) throw new WorkflowFileError(`tasks wait for each other's files: ${[...cycle, cycle[0]].join(' needs ')}`);
  return sorted.map((id) => byId.get(id) as WorkflowTask);
}
