/**
 * Runs a workflow's tasks as bash apps. What orders them are futures of files, and nothing else.
 */
import { fileURLToPath } from 'node:url';
import { type AppFuture, bashApp, type DataFuture, sh } from 'flotilla';
import type { FileLinks } from './file-links.ts';
import type { WorkFolder } from './work-folder.ts';
import type { Workflow, WorkflowTask } from './workflow.ts';

/** A shell script of its own: on a cluster it must lie where the nodes see it, as this file does. */
const TASK_SCRIPT = fileURLToPath(new URL('./task.sh', import.meta.url));

/**
 * `sleep`, not a busy loop: what is measured is how well the workers are kept in work, and that must not depend on whether
 * there is a free core under each.
 */
const runTask = bashApp((files: string, list: string, seconds: string) => sh`bash ${TASK_SCRIPT} ${files} ${list} ${seconds}`, {
  returns: 'stdout',
});

/** By id. Resolves to which manager ran it, and with how many workers. */
export type TaskFutures = ReadonlyMap<string, AppFuture<string>>;

export interface RunOptions {
  readonly workflow: Workflow;
  readonly links: FileLinks;
  readonly folder: WorkFolder;
  readonly scale: number;
}

/** Calls every task at once; the files say when each may start. */
export function submitTasks({ workflow, links, folder, scale }: RunOptions): TaskFutures {
  const futures = new Map<string, AppFuture<string>>();
  const written = new Map<string, DataFuture>();
  links.ordered.forEach((task, index) => {
    const list = folder.writeList(index, task.inputs, task.outputs, workflow.sizes);
    const app = runTask.with({
      name: task.id,
      inputs: inputsOf(task, links, written, folder),
      outputs: task.outputs.map((file) => folder.fileOf(file)),
    });
    const future = app(folder.files, list, secondsText(task.runtimeSeconds * scale)) as AppFuture<string>;
    task.outputs.forEach((file, i) => written.set(keyOf(task.id, file), future.outputs[i] as DataFuture));
    futures.set(task.id, future);
  });
  return futures;
}

/** A future for each file that a task writes; the path of one that is there from the start. */
function inputsOf(task: WorkflowTask, { links }: FileLinks, written: ReadonlyMap<string, DataFuture>, folder: WorkFolder) {
  const own = links.get(task.id) ?? [];
  const fromTasks = new Set(own.map(({ file }) => file));
  const initial = task.inputs.filter((file) => !fromTasks.has(file)).map((file) => folder.fileOf(file));
  return [...initial, ...own.map(({ file, writer }) => written.get(keyOf(writer, file)) as DataFuture)];
}

const keyOf = (task: string, file: string): string => `${task}\0${file}`;

const secondsText = (seconds: number): string => (seconds < 1e-6 ? '0' : seconds.toFixed(6));
