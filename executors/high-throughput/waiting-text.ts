/**
 * Where a task is among those that an executor holds, for a person who asks. Owns the words.
 */
import type { TryRequest } from '../../lib/executor.ts';

/** Looks at all of them: for `explain`, not for every task. */
export function describePlace(taskId: number, outstanding: ReadonlyMap<number, TryRequest>, workers: number): string {
  const own = outstanding.get(taskId);
  if (own === undefined) return 'its outcome is being handed over';
  const ahead = countAhead(own, outstanding);
  const held = `${outstanding.size} task(s) are at ${workers} worker(s)`;
  if (ahead < workers) return `it runs, or is on its way to a worker; ${held}`;
  const priority = own.priority === 0 ? '' : ` of priority ${own.priority} or more`;
  return `it is queued behind ${ahead} other(s)${priority}; ${held}`;
}

/** Larger priorities run sooner; within one, who came first. */
function countAhead(own: TryRequest, outstanding: ReadonlyMap<number, TryRequest>): number {
  let ahead = 0;
  let isBefore = true;
  for (const other of outstanding.values()) {
    if (other === own) isBefore = false;
    else if (other.priority > own.priority || (isBefore && other.priority === own.priority)) ahead++;
  }
  return ahead;
}
