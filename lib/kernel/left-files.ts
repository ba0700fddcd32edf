/**
 * The files that a task leaves beside its value: its outputs, and what its stdout and stderr go to. A result without them is not whole.
 */
import { existsSync } from 'node:fs';
import type { Task } from './task.ts';

/** @returns the path of a declared output that is not there, or of a file of its stdout or stderr. */
export function missingFile(task: Task): string | undefined {
  return task.outputs.find(({ file, path }) => file.scheme === 'file' && !existsSync(path))?.path ?? missingStream(task);
}

/** Of the files that the task's output goes to, one that is not there. What is 'auto' belongs to a run, not to a result. */
export function missingStream(task: Task): string | undefined {
  const { stdout, stderr } = task.entry.options;
  const paths = [stdout !== 'auto' && task.stdout, stderr !== 'auto' && task.stderr];
  return paths.filter((path) => typeof path === 'string').find((path) => !existsSync(path));
}
