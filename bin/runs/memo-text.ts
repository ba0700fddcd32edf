/**
 * What the memo came to for a task, in words. Pure.
 */
import type { MemoDecision } from '../../lib/events/events.ts';
import { listSome } from './words.ts';

const MOST_PARTS = 5;

/** A line of its story. @param ownRun NNN of the run that the task is of. */
export function describeDecision(decision: MemoDecision, ownRun: string): string {
  switch (decision.kind) {
    case 'taken':
      return `not run: the result is that of ${nameTaken(decision, ownRun)}, the same call`;
    case 'takenOver':
      return `under way since before: an earlier driver had started it as task ${decision.task} of run ${decision.run}`;
    case 'twin':
      return `task ${decision.task} is the same call and is under way: its result will do for this one`;
    case 'withoutKey':
      return `run without the memo: ${decision.reason}`;
    case 'unusable':
      return `run, though there is a result of the same call: ${decision.reason}`;
    case 'missed':
      return `run: ${describeMiss(decision.differing)}`;
  }
}

/** 'task 4 of run 003', 'task 4'. */
export const nameTaken = ({ run, task }: { readonly run: string; readonly task: number }, ownRun: string): string =>
  run === ownRun ? `task ${task}` : `task ${task} of run ${run}`;

function describeMiss(differing: readonly string[]): string {
  if (differing.length === 0) return 'no kept result is of all these arguments together';
  if (differing[0] === 'app') return 'there is no result of an app of this name in what the run has resumed';
  const names = differing.map((part) => part.replace(/^its /, ''));
  // Results of other arguments may have them.
  const which = names.every((name) => OF_THE_APP.has(name)) ? 'no kept result of these arguments' : 'no kept result';
  return `${which} has the same ${listSome(names, MOST_PARTS)}`;
}

const OF_THE_APP: ReadonlySet<string> = new Set(['code', 'version', 'options']);
