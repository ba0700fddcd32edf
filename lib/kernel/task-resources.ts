/**
 * What a task asks for, by its option `resources`: known from the start, or made of its arguments once these are known.
 */
import { releaseMoment } from '../moment.ts';
import { plainArguments, type PrepareSite, type PythonArguments } from './prepare.ts';
import type { Task } from './task.ts';

/**
 * Leaves it in the task. @returns a promise where futures of the task's arguments have to be read for it.
 * @throws InvalidOptionError; whatever the user's function throws.
 */
export function askResources(task: Task, site: PrepareSite): Promise<void> | undefined {
  const { resources } = task.entry.options;
  if (resources === undefined || task.requests !== undefined) return undefined;
  if (resources.kind === 'known') {
    task.requests = resources.perTry;
    return undefined;
  }
  const { compute } = resources;
  releaseMoment(); // The user's code takes its time.
  if (!task.waitables) {
    task.requests = compute(asCalled(task, task.args));
    return undefined;
  }
  return plainArguments(task, site).then((args) => {
    task.requests = compute(asCalled(task, args));
  });
}

/** A Python task's named arguments come last, as one object. */
function asCalled({ entry }: Task, args: readonly unknown[]): readonly unknown[] {
  if (entry.kind !== 'python') return args;
  const [positional, named] = args as PythonArguments;
  return Object.keys(named).length === 0 ? positional : [...positional, named];
}
