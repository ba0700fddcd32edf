/**
 * What `flotilla retry` says before it runs anything. Pure.
 */
import { type Invocation, toCommandLine } from './invocation.ts';
import { nameConfig, withSet } from './origin-text.ts';
import type { OpenTask, RetryFacts } from './retry-facts.ts';
import { describeCounts } from './show-text.ts';
import { formatDate, formatTable, listSome, nameCall } from './words.ts';

const MOST_APPS = 5;
const MOST_TASKS = 30;
const WHY_LENGTH = 160;

export function describeRetry(facts: RetryFacts, invocation: Invocation, isDry: boolean): string[] {
  const { folder, summary, state } = facts;
  const { started, startedMs, counts } = summary;
  const config = invocation.config === undefined && started?.config ? nameConfig(started) : `config ${invocation.config}`;
  const since = startedMs === undefined ? '' : `, of ${formatDate(startedMs)}`;
  return [
    `${isDry ? 'would retry' : 'retrying'} run ${folder.run} (${state}${since}): ${[invocation.script, ...invocation.args].join(' ')}`,
    `  ${withSet(config, invocation.set)}`,
    `  it had ${describeCounts(counts)}; ${describeWhatRuns(facts)}`,
    ...describeUnkept(facts).map((line) => `  ${line}`),
    ...(state === 'open' && started
      ? [`  it was not closed, and its driver was on ${started.host}: if it still runs there, tasks run twice`]
      : []),
  ];
}

function describeWhatRuns({ open, state }: RetryFacts): string {
  if (open.length > 0) return open.length === 1 ? 'the one that is not done runs again' : `the ${open.length} that are not done run again`;
  return state === 'closed'
    ? 'it was interrupted, and goes on from there'
    : 'its driver was gone before its end, and it goes on from there';
}

function describeUnkept({ unkept }: RetryFacts): string[] {
  if (unkept.size === 0) return [];
  const apps = [...unkept].sort(([, a], [, b]) => b - a).map(([name, count]) => `${count} of ${name}`);
  return [
    `done, but run again too, since no result was kept: ${listSome(apps, MOST_APPS)}`,
    '  to keep the results of an app, give it cache: true',
  ];
}

export function describeNothing({ folder, summary }: RetryFacts, invocation: Invocation): string {
  return `nothing to retry: run ${folder.run} had ${describeCounts(summary.counts)}. To run its script again all the same: ${toCommandLine(invocation)}`;
}

/** What `--dry-run` prints. */
export function describePlan({ open }: RetryFacts, invocation: Invocation): string[] {
  const more = open.length > MOST_TASKS ? [`… and ${open.length - MOST_TASKS} more; --json lists them all`] : [];
  return [
    toCommandLine(invocation),
    ...(open.length === 0 ? [] : ['', ...formatTable(['task', 'app', 'state', 'why'], open.slice(0, MOST_TASKS).map(toRow))]),
    ...more,
  ];
}

const STATES = {
  failed: 'failed',
  ignored: 'failed, ignored',
  dependencyFailed: 'not run',
  cancelled: 'cancelled',
  'not ended': 'not ended',
} as const;

/** The table has the task already. */
const whyOf = ({ taskId, name, why = '' }: OpenTask): string => why.replace(`task ${taskId} (${name}): `, '').slice(0, WHY_LENGTH);

const toRow = (task: OpenTask): (string | number)[] => [task.taskId, nameCall(task), STATES[task.state], whyOf(task)];

/** What `--dry-run --json` prints. @param command undefined: there is nothing to retry. */
export function planAsData(
  { folder, state, open, unkept }: RetryFacts,
  invocation: Invocation,
  command: string | undefined,
): Record<string, unknown> {
  return { ...folder, state, command: command ?? null, ...invocation, tasks: open, doneWithoutResult: Object.fromEntries(unkept) };
}
