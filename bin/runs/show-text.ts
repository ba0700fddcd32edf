/**
 * One run in words and tables, and as data. Pure.
 */
import { beginningOf } from '../../lib/errors/message-parts.ts';
import type { AppSummary, RunSummary, StateCounts } from '../../lib/events/projections/run-summary.ts';
import { describeAmounts, describeParts } from './grant-text.ts';
import type { RunFolder } from './run-folder.ts';
import { describeGaps, type RunState } from './run-state.ts';
import { describeOrigin } from './origin-text.ts';
import { formatDate, formatKiB, formatMs, formatTable, listSome, nameCall, nameInvocation } from './words.ts';

const MESSAGE_LENGTH = 160;
const MOST_RUNS = 5;
const MOST_GROUPS = 20;
const INVOCATION_LENGTH = 500;
const MEASURED = '(CPU and memory are measured of tries that take more than 50ms)';

export const wallMsOf = ({ startedMs, lastMs }: RunSummary): number => (lastMs ?? 0) - (startedMs ?? lastMs ?? 0);

export function describeRun(folder: RunFolder, summary: RunSummary, state: RunState): string[] {
  const { started, startedMs, counts } = summary;
  const gaps = describeGaps(summary);
  return [
    `run ${folder.run}: ${state}, ${describeSpan(summary, gaps !== undefined)}; ${folder.path}`,
    ...(started && startedMs !== undefined
      ? [
          `  ${nameInvocation(started, INVOCATION_LENGTH) || '(no script)'}`,
          `  started ${formatDate(startedMs)} on ${started.host} as process ${started.pid}; flotilla ${started.flotilla}, node ${started.node}`,
          ...describeOrigin(started).map((line) => `  ${line}`),
        ]
      : []),
    `  ${describeCounts(counts)}`,
    ...describeTaken(summary, folder.run).map((line) => `  ${line}`),
    ...(gaps === undefined ? [] : [`  ${gaps}`]),
    ...section('apps', appTable([...summary.apps.values()])),
    ...section('resources', [...summary.apps.values()].flatMap(givenTo)),
    ...section('failures', [...summary.apps.values()].flatMap(failuresOf)),
    ...section('slowest', slowestTable(summary)),
    ...section('workers', workerTable(summary)),
  ];
}

/** Where the end is among what is missing, nobody knows how long it took. */
function describeSpan(summary: RunSummary, hasGaps: boolean): string {
  const span = formatMs(wallMsOf(summary));
  return hasGaps && summary.lastMs !== undefined && summary.kernelState !== 'closed' ? `${span} up to the last event that was kept` : span;
}

export function describeCounts(counts: StateCounts): string {
  const { total, done, failed, ignored, dependencyFailed, cancelled } = counts;
  const open = total - done - failed - ignored - dependencyFailed - cancelled;
  const parts = [
    `${done} done`,
    failed > 0 && `${failed} failed`,
    ignored > 0 && `${ignored} failed and ignored`,
    dependencyFailed > 0 && `${dependencyFailed} not run because one before them failed`,
    cancelled > 0 && `${cancelled} cancelled`,
    open > 0 && `${open} not ended`,
  ];
  return total === 0 ? 'no tasks' : `${total} ${total === 1 ? 'task' : 'tasks'}: ${parts.filter((part) => part !== false).join(', ')}`;
}

/** Runs with the most first. */
function describeTaken({ taken, counts }: RunSummary, ownRun: string): string[] {
  if (counts.memoized === 0) return [];
  const runs = [...taken].sort(([, a], [, b]) => b - a).map(([run, count]) => `${count} of ${run === ownRun ? 'this run' : `run ${run}`}`);
  const what =
    counts.memoized === 1
      ? '1 of these was not run, since its result was there'
      : `${counts.memoized} of these were not run, since their results were there`;
  return [`${what}: ${listSome(runs, MOST_RUNS)}`];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

function appTable(apps: readonly AppSummary[]): string[] {
  if (apps.length === 0) return [];
  const heads = [
    'app',
    'kind',
    'tasks',
    'done',
    'taken',
    'failed',
    'ignored',
    'not run',
    'cancelled',
    'retries',
    'mean',
    'max',
    'CPU',
    'memory',
  ];
  const rows = apps.map((app) => [
    app.name,
    app.app,
    app.total,
    app.done,
    app.memoized,
    app.failed,
    app.ignored,
    app.dependencyFailed,
    app.cancelled,
    app.retries,
    app.runs === 0 ? '' : formatMs(app.totalMs / app.runs),
    app.runs === 0 ? '' : formatMs(app.maxMs),
    app.cpuMs === 0 ? '' : formatMs(app.cpuMs),
    formatKiB(app.peakMemoryKiB),
  ]);
  const isMeasured = apps.some(({ peakMemoryKiB, cpuMs }) => peakMemoryKiB > 0 || cpuMs > 0);
  return [...formatTable(heads, rows), ...(isMeasured ? [MEASURED] : [])];
}

const givenTo = ({ name, given }: AppSummary): string[] =>
  [...given.values()].map(({ tries, ...amounts }) => `${tries} × ${name}: ${describeAmounts(amounts)}`);

function failuresOf({ name, errors }: AppSummary): string[] {
  const groups = errors.all();
  const hidden = groups.slice(MOST_GROUPS).reduce((sum, { count }) => sum + count, errors.ungrouped);
  const lines = groups.slice(0, MOST_GROUPS).map(({ error, count, taskIds }) => {
    const more = count > taskIds.length ? ', …' : '';
    return `${count} × ${name}: ${error.name}: ${beginningOf(error.message).slice(0, MESSAGE_LENGTH)} (${count === 1 ? 'task' : 'tasks'} ${taskIds.join(', ')}${more})`;
  });
  return hidden === 0 ? lines : [...lines, `${hidden} × ${name}: other messages`];
}

function slowestTable({ slowest }: RunSummary): string[] {
  if (slowest.length === 0) return [];
  const rows = slowest.map(({ granted, ...task }) => [
    task.taskId,
    nameCall(task),
    task.tryNumber,
    formatMs(task.runMs),
    task.worker,
    granted === undefined ? '' : describeParts(granted),
    granted?.hosts?.join(', ') ?? '',
  ]);
  return formatTable(['task', 'app', 'try', 'ran', 'worker', 'given', 'nodes'], rows);
}

function workerTable(summary: RunSummary): string[] {
  const { workers } = summary;
  if (workers.size === 0) return [];
  const wallMs = Math.max(1, wallMsOf(summary));
  const rows = [...workers.values()].map(({ worker, executor, host, tries, busyMs, lost }) => [
    worker,
    executor,
    host,
    tries,
    formatMs(busyMs),
    `${Math.round((100 * busyMs) / wallMs)}%`,
    lost,
  ]);
  return formatTable(['worker', 'executor', 'host', 'tries', 'busy', 'of the run', 'lost'], rows);
}

/** What `--json` prints. Times are in ms, the start since the epoch. */
export function runAsData(folder: RunFolder, summary: RunSummary, state: RunState): Record<string, unknown> {
  return {
    ...folder,
    state,
    startedMs: summary.startedMs,
    wallMs: wallMsOf(summary),
    driver: summary.started,
    tasks: summary.counts,
    taken: Object.fromEntries(summary.taken),
    lostEvents: summary.lostEvents,
    gaps: describeGaps(summary),
    apps: [...summary.apps.values()].map((app) => ({
      ...app,
      errors: app.errors.all(),
      ungroupedErrors: app.errors.ungrouped,
      given: [...app.given.values()],
    })),
    slowest: summary.slowest,
    workers: [...summary.workers.values()],
  };
}
