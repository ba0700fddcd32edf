/**
 * Reads WfFormat 1.5 (https://github.com/wfcommons/WfFormat): tasks, the files between them, and how long each task ran.
 * Knows the format; runs nothing.
 */
import { Field, WorkflowFileError } from './field.ts';

const SCHEMA_VERSION = '1.5';

export interface WorkflowTask {
  readonly id: string;
  /** Files by name, each once. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** As recorded. Not what orders the tasks here. */
  readonly parents: readonly string[];
  /** As measured; 0 where nothing was. */
  readonly runtimeSeconds: number;
}

export interface Workflow {
  readonly name: string;
  readonly tasks: readonly WorkflowTask[];
  /** Of every file that a task names, in bytes. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** @throws WorkflowFileError that says what is wrong, and where. */
export function parseWorkflow(json: string): Workflow {
  const root = new Field(parseJson(json), '');
  requireVersion(root);
  const specification = root.get('workflow').get('specification');
  const runtimes = readRuntimes(root.get('workflow'));
  const tasks = specification
    .get('tasks')
    .list()
    .map((task) => readTask(task, runtimes));
  const sizes = readSizes(specification);
  requireUniqueIds(tasks);
  requireSizes(tasks, sizes);
  return { name: root.optional('name')?.text() ?? 'unnamed', tasks, sizes };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new WorkflowFileError(`the file is not JSON: ${(cause as SyntaxError).message}`, { cause });
  }
}

function requireVersion(root: Field): void {
  const version = root.get('schemaVersion').value;
  if (version === SCHEMA_VERSION) return;
  const remedy = 'convert it with the WfCommons tools, or take the instance from the present collection';
  throw new WorkflowFileError(`schemaVersion is ${JSON.stringify(version)}, and only WfFormat "${SCHEMA_VERSION}" can be read; ${remedy}`);
}

function readRuntimes(workflow: Field): ReadonlyMap<string, number> {
  const measured = workflow.optional('execution')?.optional('tasks')?.list() ?? [];
  return new Map(measured.map((task) => [task.get('id').text(), task.optional('runtimeInSeconds')?.amount() ?? 0]));
}

function readTask(task: Field, runtimes: ReadonlyMap<string, number>): WorkflowTask {
  const id = task.get('id').text();
  return {
    id,
    inputs: task.texts('inputFiles'),
    outputs: task.texts('outputFiles'),
    parents: task.texts('parents'),
    runtimeSeconds: runtimes.get(id) ?? 0,
  };
}

function readSizes(specification: Field): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const file of specification.optional('files')?.list() ?? []) {
    const id = file.get('id').text();
    const bytes = file.get('sizeInBytes').bytes();
    const before = sizes.get(id) ?? bytes;
    if (before !== bytes)
      throw new WorkflowFileError(`${file.path}: file '${id}' has ${bytes} bytes here and ${before} bytes in an earlier entry`);
    sizes.set(id, bytes);
  }
  return sizes;
}

function requireUniqueIds(tasks: readonly WorkflowTask[]): void {
  const seen = new Set<string>();
  for (const { id } of tasks) {
    if (seen.has(id)) throw new WorkflowFileError(`two tasks have the id '${id}'`);
    seen.add(id);
  }
}

function requireSizes(tasks: readonly WorkflowTask[], sizes: ReadonlyMap<string, number>): void {
  for (const { id, inputs, outputs } of tasks) {
    const unknown = [...inputs, ...outputs].find((file) => !sizes.has(file));
    if (unknown === undefined) continue;
    throw new WorkflowFileError(`task '${id}' names the file '${unknown}', which has no entry in workflow.specification.files`);
  }
}
