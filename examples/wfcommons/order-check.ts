/**
 * Compares when tasks ran with the parents that were recorded. The parents played no part in running them.
 */
import type { FileLinks } from './file-links.ts';
import type { TaskFutures } from './run-tasks.ts';
import type { WorkflowTask } from './workflow.ts';

export interface OrderCheck {
  /** Links from a parent to a child of which both ran. */
  readonly checked: number;
  /** 'b began before its parent a had ended', where b reads a file of a's. */
  readonly broken: readonly string[];
  /** The same where no file joins the two: nothing made b wait. */
  readonly unordered: readonly string[];
}

export function checkOrder({ ordered, links }: FileLinks, futures: TaskFutures): OrderCheck {
  const broken: string[] = [];
  const unordered: string[] = [];
  let checked = 0;
  for (const task of ordered) {
    const writers = new Set(links.get(task.id)?.map(({ writer }) => writer));
    const began = spanOf(futures, task.id)?.start;
    if (began === undefined) continue;
    for (const parent of task.parents) {
      const ended = spanOf(futures, parent)?.end;
      if (ended === undefined) continue;
      checked++;
      if (began < ended) (writers.has(parent) ? broken : unordered).push(describe(task, parent));
    }
  }
  return { checked, broken, unordered };
}

const describe = ({ id }: WorkflowTask, parent: string): string => `${id} began before its parent ${parent} had ended`;

/** Of the try that succeeded, on the worker's clock. */
function spanOf(futures: TaskFutures, id: string): { readonly start: Date; readonly end: Date } | undefined {
  const last = futures.get(id)?.tries.at(-1);
  return last?.outcome === 'done' && last.start && last.end ? { start: last.start, end: last.end } : undefined;
}
