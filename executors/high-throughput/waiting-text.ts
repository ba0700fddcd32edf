/**
 * Where a task is among those that an executor holds, for a person who asks. Owns the words.
 *
 * The driver does not know which tasks run, only in which order they were called: as many of the oldest as there are workers.
 */
import type { TryRequest } from '../../lib/executor.ts';
import type { RequestsView } from './requests.ts';
import { formatDuration } from '../../lib/duration.ts';

export interface Place {
  readonly taskId: number;
  readonly outstanding: RequestsView;
  readonly workers: number;
  /** The most time that any manager has for a task, ms. */
  readonly longestLeftMs: number;
  /** What becomes of the blocks. */
  blocks(): string;
  /** Why there are no more of them, though they are wanted. */
  readonly restriction: string | undefined;
}

/** Looks at all of them: for `explain`, not for every task. */
export function describePlace({ taskId, outstanding, workers, longestLeftMs, blocks, restriction }: Place): string {
  const own = outstanding.get(taskId);
  if (own === undefined) return 'its outcome is being handed over';
  const { walltimeMs = 0 } = own;
  const turn = describeTurn(own, outstanding, workers);
  if (walltimeMs <= longestLeftMs) return restriction === undefined ? turn : `${turn}; ${restriction}`;
  // It was started when there was more time, or it waits for a block that has more.
  const wanted = `waits for a block with ${formatDuration(walltimeMs)} left`;
  return `${turn}; if it has not begun, it ${wanted}, and here they have ${formatDuration(Math.max(0, longestLeftMs))} at most: ${blocks()}`;
}

function describeTurn(own: TryRequest, outstanding: RequestsView, workers: number): string {
  const held = `${outstanding.size} task(s) are at ${workers} worker(s)`;
  const { older, ahead } = countOthers(own, outstanding);
  if (older < workers) return `it runs, or is on its way to a worker; ${held}`;
  return `it waits for a worker${ahead === 0 ? ' and is next' : `, behind ${ahead} other(s)`}; ${held}`;
}

/** `ahead`: those of larger priority, and older ones of the same. */
function countOthers(own: TryRequest, outstanding: RequestsView): { older: number; ahead: number } {
  let older = 0;
  let ahead = 0;
  let isOlder = true;
  for (const other of outstanding.values()) {
    if (other === own) {
      isOlder = false;
      continue;
    }
    if (isOlder) older++;
    if (other.priority > own.priority || (isOlder && other.priority === own.priority)) ahead++;
  }
  return { older, ahead };
}
