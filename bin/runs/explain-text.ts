/**
 * Everything that happened to one task, in words. Pure.
 */
import { beginningOf } from '../../lib/errors/message-parts.ts';
import type { TaskHistory, TryHistory } from '../../lib/events/projections/task-histories.ts';
import type { ErrorSummary } from '../../lib/events/events.ts';
import { runTimeOf, takenFrom } from '../../lib/events/projections/task-histories.ts';
import { describeDecision, nameTaken } from './memo-text.ts';
import type { TaskStory } from './read-run.ts';
import type { RunState } from './run-state.ts';
import { describeGranted } from './grant-text.ts';
import { formatClock, formatKiB, formatMs, listSome, nameTask } from './words.ts';

const MOST_NAMES = 5;

interface Moment {
  /** Undefined: it goes with what is before it. */
  readonly atMs: number | undefined;
  /** By the clock of a worker, which may differ: it keeps its place whatever its time. */
  readonly isWorkers?: boolean;
  readonly text: string;
}

/** The run that the task is of. */
export interface ExplainedRun {
  /** NNN. */
  readonly run: string;
  /** What has not ended means another thing in a run that is over. */
  readonly state: RunState;
  /** Of a file that the task has written. */
  readonly isGone: (path: string) => boolean;
}

export function explainTask(task: TaskHistory, story: Omit<TaskStory, 'task'>, { run, state, isGone }: ExplainedRun): string[] {
  const moments = [
    ...called(task, story),
    ...(task.cancelRequest ? [{ atMs: task.cancelRequest.atMs, text: cancelText(task.cancelRequest.reason) }] : []),
    ...(task.memo ?? []).map(({ atMs, decision }) => ({ atMs, text: describeDecision(decision, run) })),
    ...task.tries.flatMap(describeTry),
    ...ended(task, story),
  ];
  const ordered = sortByTime(moments);
  return [
    `${nameTask(task)}: ${headline(task, run, state)}`,
    ...ordered.map(({ atMs, text }) => `  ${atMs === undefined ? ' '.repeat(CLOCK_LENGTH) : formatClock(atMs)}  ${text}`),
    ...outlook(task, story, state),
    ...(
      [
        ['stdout', task.stdout],
        ['stderr', task.stderr],
      ] as const
    )
      .filter(([, path]) => path !== undefined)
      .map(([stream, path]) => `  ${stream}: ${path}${isGone(path as string) ? ' (is not there)' : ''}`),
  ];
}

const CLOCK_LENGTH = 12;

/** A cancellation comes between a try's launch and its end. Sorting is stable. */
function sortByTime(moments: readonly Moment[]): Moment[] {
  let latest = 0;
  const placed = moments.map((moment) => ({ moment, atMs: (latest = (moment.isWorkers ? undefined : moment.atMs) ?? latest) }));
  return placed.sort((a, b) => a.atMs - b.atMs).map(({ moment }) => moment);
}

const ENDS = {
  done: 'done',
  failed: 'failed',
  ignored: 'failed, which is ignored',
  dependencyFailed: 'did not run',
  cancelled: 'cancelled',
} as const;

function headline(task: TaskHistory, run: string, state: RunState): string {
  const end = ENDS[task.state as keyof typeof ENDS];
  const source = takenFrom(task);
  const tries = task.tries.length > 1 ? `, at try ${task.tries.length}` : source ? `, with the result of ${nameTaken(source, run)}` : '';
  if (end !== undefined) return `${end}${tries}, ${formatMs((task.endedMs ?? task.calledMs) - task.calledMs)} after it was called`;
  return state === 'running' ? `${task.state}` : `had not ended when the events of this run do`;
}

function called(task: TaskHistory, { others }: Omit<TaskStory, 'task'>): Moment[] {
  const by = task.parent === undefined ? '' : ` by the body of join ${task.parent}`;
  const after = task.after.length === 0 ? '' : `; it takes values from ${namesOf(task.after, others)}`;
  return [{ atMs: task.calledMs, text: `called${by}${after}` }];
}

const namesOf = (ids: readonly number[], others: ReadonlyMap<number, TaskHistory>): string =>
  listSome(
    ids.map((id) => nameOf(id, others)),
    MOST_NAMES,
  );

function nameOf(id: number, others: ReadonlyMap<number, TaskHistory>): string {
  const other = others.get(id);
  return other ? nameTask(other) : `task ${id}`;
}

const cancelText = (reason: string): string => `asked to be cancelled${reason === '' ? '' : `: ${reason}`}`;

function describeTry(each: TryHistory): Moment[] {
  const { number, executor, launchedMs, outcome, error, endedMs, granted } = each;
  const where = executor === '' ? 'begun in the driver' : `handed to executor '${executor}'`;
  return [
    ...(launchedMs === undefined ? [] : [{ atMs: launchedMs, text: `try ${number} ${where}` }]),
    ...(granted === undefined ? [] : [{ atMs: granted.atMs, text: `it was given ${describeGranted(granted)}` }]),
    ...ran(each),
    ...(outcome === 'launched'
      ? []
      : [{ atMs: endedMs, text: `try ${number} ${OUTCOMES[outcome]}${error ? `: ${describeError(error)}` : ''}` }]),
    ...detailOf(error),
  ];
}

const OUTCOMES = {
  done: 'was done',
  failed: 'failed',
  lost: 'was lost, which costs none of its retries',
  walltime: 'was ended because its walltime was over',
  cancelled: 'was cancelled',
  expired: 'was lost because the walltime of its block was over, which costs nothing',
  unstarted: 'came back without having been started, which costs nothing',
} as const;

function ran(each: TryHistory): Moment[] {
  const { startMs, launchedMs, host, worker, usage } = each;
  if (startMs === undefined) return host === '' ? [] : [{ atMs: undefined, text: `it was on ${host} (${worker})` }];
  const waited = launchedMs === undefined || startMs <= launchedMs ? '' : `, after ${formatMs(startMs - launchedMs)} in queues`;
  const took = [
    `ran for ${formatMs(runTimeOf(each) ?? 0)}`,
    ...(usage && usage.cpuMs > 0 ? [`CPU ${formatMs(usage.cpuMs)}`] : []),
    ...(usage && usage.peakMemoryKiB > 0 ? [`memory ${formatKiB(usage.peakMemoryKiB)}`] : []),
  ];
  return [{ atMs: startMs, isWorkers: true, text: `started on ${host} (${worker})${waited}; ${took.join(', ')}` }];
}

function describeError({ name, message, exitCode, signal }: ErrorSummary): string {
  const end = signal === undefined ? (exitCode === undefined ? '' : ` (exit code ${exitCode})`) : ` (${signal})`;
  return `${name}: ${beginningOf(message)}${end}`;
}

const DETAIL_LINES = 8;

function detailOf(error: ErrorSummary | undefined): Moment[] {
  const lines = error?.detail?.split('\n') ?? [];
  return lines.slice(-DETAIL_LINES).map((line) => ({ atMs: undefined, text: `    ${line.trimEnd()}` }));
}

function ended(task: TaskHistory, { others, chain }: Omit<TaskStory, 'task'>): Moment[] {
  const { endedMs: atMs, error, state } = task;
  if (atMs === undefined) return [];
  if (state === 'dependencyFailed') return [{ atMs, text: `did not run: ${chainText(chain, others, error)}` }];
  if (state === 'cancelled') return [{ atMs, text: `cancelled${whyCancelled(task)}` }];
  const isKnown = error === undefined || error === task.tries.at(-1)?.error || state === 'done';
  return [{ atMs, text: `${LAST_WORDS[state as keyof typeof LAST_WORDS] ?? state}${isKnown ? '' : `: ${describeError(error)}`}` }];
}

/** Where nobody has asked for it: what its group, or the policy of a task before it, has decided. A request has its own line. */
function whyCancelled({ cancelRequest, error }: TaskHistory): string {
  if (cancelRequest || !error) return '';
  const [, reason] = / was cancelled: ([^]+)$/.exec(error.message) ?? [];
  return reason === undefined ? '' : `: ${reason}`;
}

const LAST_WORDS = {
  done: 'done',
  failed: 'failed for good',
  ignored: 'failed for good, which is ignored: what depends on it goes on with the value that its onFailure gives',
} as const;

function chainText(chain: readonly number[], others: ReadonlyMap<number, TaskHistory>, error: ErrorSummary | undefined): string {
  if (chain.length === 0) return `a promise that it needs was rejected${error ? ` (${describeError(error)})` : ''}`;
  const root = others.get(chain.at(-1) as number);
  const names = chain.map((id) => nameOf(id, others));
  const shown = names.length <= MOST_NAMES ? names : [...names.slice(0, 3), `… ${names.length - 4} more …`, names.at(-1) as string];
  const why = root?.error ? `, which failed: ${describeError(root.error)}` : ', which failed';
  return `it needs ${shown.join(', which needs ')}${why}`;
}

/** What a task that has not ended waits for, as far as the events tell. */
function outlook(task: TaskHistory, { others, children, summary }: Omit<TaskStory, 'task'>, state: RunState): string[] {
  const tense = state === 'running' ? 'waits' : 'waited';
  if (task.endedMs !== undefined)
    return children.length === 0
      ? []
      : [
          `  its body called ${listSome(
            children.map((id) => `task ${id}`),
            MOST_NAMES,
          )}`,
        ];
  if (task.state === 'pending') {
    const last = task.memo?.at(-1)?.decision;
    if (last?.kind === 'twin') return [`  it ${tense} for task ${last.task}, the same call`];
    const open = task.after.filter((id) => others.get(id)?.endedMs === undefined);
    const what = open.length === 0 ? 'a promise of the script' : namesOf(open, others);
    return [`  it ${tense} for ${what}`];
  }
  if (task.state === 'joining') {
    const open = children.filter((id) => summary.open.get(id));
    return [
      `  it ${tense} for ${
        open.length === 0
          ? 'its body'
          : listSome(
              open.map((id) => `task ${id}`),
              MOST_NAMES,
            )
      }`,
    ];
  }
  return state === 'running' ? ['  it is queued or running there'] : [`  it was queued or running there when the driver ended`];
}
