/**
 * What `flotilla run` prints at the end: totals, time, failures in groups, and where to look. Pure.
 */
import type { FailureGroup } from './failures.ts';
import type { TaskCounts } from '../lib/kernel/counts.ts';
import { formatSpan } from './progress.ts';

export interface RunFacts {
  readonly counts: TaskCounts;
  readonly wallMs: number;
  readonly runDir: string | undefined;
  /** Path of the run's log, if it has one. */
  readonly log: string | undefined;
  readonly groups: readonly FailureGroup[];
  readonly dependents: number;
  readonly ungrouped: number;
}

const GROUPS_SHOWN = 10;

/** Lines, without the command's name before them. */
export function formatSummary(facts: RunFacts): string[] {
  const { counts, runDir } = facts;
  const where = runDir === undefined ? '' : `; run directory ${runDir}`;
  return [`${totals(counts)} in ${formatSpan(facts.wallMs)}${where}`, ...formatFailures(facts)];
}

function totals({ total, done, memoized, ignored, failed, cancelled }: TaskCounts): string {
  if (total === 0) return 'no tasks';
  const left = total - done - ignored - failed - cancelled;
  const parts = [
    memoized > 0 ? `${done} done (${memoized} of them before)` : `${done} done`,
    ignored > 0 && `${ignored} failed and ignored`,
    failed > 0 && `${failed} failed`,
    cancelled > 0 && `${cancelled} cancelled`,
    left > 0 && `${left} not ended`,
  ];
  return `${total} ${total === 1 ? 'task' : 'tasks'}: ${parts.filter((part) => part !== false).join(', ')}`;
}

export function formatFailures({ groups, dependents, ungrouped, log }: RunFacts): string[] {
  const shown = groups.slice(0, GROUPS_SHOWN).flatMap(formatGroup);
  const hidden = groups.slice(GROUPS_SHOWN).reduce((sum, group) => sum + group.count, ungrouped);
  return [
    ...shown,
    ...(hidden > 0 ? [`  ${hidden} more with other messages${log === undefined ? '' : `; ${log} has them all`}`] : []),
    ...(dependents > 0 ? [`  ${dependents} × not run, because a task before them failed`] : []),
  ];
}

function formatGroup({ name, message, count, tasks, stderr }: FailureGroup): string[] {
  const more = count > tasks.length ? ', …' : '';
  const which = `${count === 1 ? 'task' : 'tasks'} ${tasks.join(', ')}${more}`;
  return [`  ${count} × ${name}: ${message} (${which})`, ...(stderr === undefined ? [] : [`      stderr: ${stderr}`])];
}
