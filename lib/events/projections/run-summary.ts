/**
 * One run in numbers: its tasks per app, its slowest ones, its workers. A projection that forgets each task when that has ended.
 */
import { FailureGroups } from '../../errors/failure-groups.ts';
import { withoutNumbers } from '../../errors/message-parts.ts';
import type { TaskState } from '../../futures/app-future.ts';
import type { ErrorSummary, Logged, RunStarted } from '../events.ts';
import type { LogCondition } from '../reader.ts';
import { type GivenAmounts, amountsOf } from './given-amounts.ts';
import { type GrantedParts, runTimeOf, takenFrom, TaskHistories, type TaskHistory, type TryHistory } from './task-histories.ts';

export interface StateCounts {
  total: number;
  done: number;
  /** Of those that are done: not run, since there was a result of the same call. */
  memoized: number;
  failed: number;
  /** Failed, and what depends on them went on with the value that `onFailure` says. */
  ignored: number;
  /** Not run, because one before them failed. */
  dependencyFailed: number;
  cancelled: number;
}

export interface AppSummary extends StateCounts {
  readonly name: string;
  readonly app: string;
  /** Tries beyond the first of each task. */
  retries: number;
  /** Tries that ran to an end on a worker; the times below are theirs, ms. */
  runs: number;
  totalMs: number;
  maxMs: number;
  /** Of the tries that were long enough to be measured. */
  cpuMs: number;
  peakMemoryKiB: number;
  /** The first of each group of messages, numbers in them aside. */
  readonly errors: FailureGroups<ErrorGroup>;
  /** What its tries had for themselves, by how much that is; the first few different ones. */
  readonly given: Map<string, GivenAmounts & { tries: number }>;
}

export interface ErrorGroup {
  readonly error: ErrorSummary;
  count: number;
  /** The first ones. */
  readonly taskIds: number[];
}

export interface SlowTask {
  readonly taskId: number;
  readonly name: string;
  readonly label: string | undefined;
  readonly tryNumber: number;
  readonly worker: string;
  readonly runMs: number;
  readonly granted: GrantedParts | undefined;
}

export interface WorkerSummary {
  readonly worker: string;
  readonly host: string;
  readonly executor: string;
  tries: number;
  busyMs: number;
  /** Tries that it was lost with. */
  lost: number;
}

const SLOWEST = 10;
/** Of different messages per app, and of ids per message. */
const MAX_ERRORS = 200;
const MAX_IDS = 5;
/** Of different amounts per app. */
const MAX_GIVEN = 20;

export class RunSummary {
  started: RunStarted | undefined;
  startedMs: number | undefined;
  lastMs: number | undefined;
  /** 'started', …, 'closed': the last one decides whether the run came to its end. */
  kernelState: string | undefined;
  /** Whether it was asked to end by a signal. */
  wasInterrupted = false;
  lostEvents = 0;
  /** Of the log that the events are from. */
  log: LogCondition = { unreadBytes: 0, isDamaged: false, hasLost: false, hasClosed: false };
  /** How many results were taken from which run, by its NNN. */
  readonly taken = new Map<string, number>();
  readonly counts = zeroCounts();
  /** Where a run has taken over another one, its tasks are numbered on from there. */
  firstTask: number | undefined;
  lastTask: number | undefined;
  readonly apps = new Map<string, AppSummary>();
  readonly workers = new Map<string, WorkerSummary>();
  readonly slowest: SlowTask[] = [];
  /** Tasks that have not ended. */
  readonly open = new TaskHistories();

  add(logged: Logged): void {
    const { atMs, event } = logged;
    this.lastMs = atMs;
    switch (event.kind) {
      case 'runStarted':
        this.started = event;
        this.startedMs = atMs;
        return;
      case 'kernelChanged':
        this.kernelState = event.state;
        this.wasInterrupted ||= event.state === 'interrupted';
        return;
      case 'eventsLost':
        this.lostEvents = event.count;
        return;
      default:
        this.#addToTask(logged);
    }
  }

  #addToTask(logged: Logged): void {
    const task = this.open.add(logged);
    if (!task) return;
    if (logged.event.kind === 'taskCalled') this.#call(task);
    else if (logged.event.kind === 'tryEnded') this.#addTry(task, task.tries.at(-1) as TryHistory);
    else if (logged.event.kind === 'taskEnded') this.#end(task);
  }

  #call(task: TaskHistory): void {
    this.#count(task, 'total');
    this.firstTask ??= task.taskId;
    this.lastTask = task.taskId;
  }

  #count(task: TaskHistory, what: keyof StateCounts): AppSummary {
    const app = this.#appOf(task);
    app[what]++;
    this.counts[what]++;
    return app;
  }

  #end(task: TaskHistory): void {
    const app = this.#count(task, columnOf(task.state));
    this.open.forget(task.taskId);
    const { error, taskId } = task;
    const source = task.state === 'done' ? takenFrom(task) : undefined;
    if (source) this.#take(task, source.run);
    if ((task.state !== 'failed' && task.state !== 'ignored') || !error) return;
    const key = withoutNumbers(`${error.name}: ${error.message}`);
    const { taskIds } = app.errors.add(key, () => ({ error, count: 0, taskIds: [] }));
    if (taskIds.length < MAX_IDS) taskIds.push(taskId);
  }

  #take(task: TaskHistory, run: string): void {
    this.#count(task, 'memoized');
    this.taken.set(run, (this.taken.get(run) ?? 0) + 1);
  }

  #addTry(task: TaskHistory, ended: TryHistory): void {
    const app = this.#appOf(task);
    if (ended.number > 1) app.retries++;
    if (ended.granted) addGiven(app, amountsOf(ended.granted));
    const runMs = runTimeOf(ended);
    if (runMs === undefined) return;
    app.runs++;
    app.totalMs += runMs;
    app.maxMs = Math.max(app.maxMs, runMs);
    app.cpuMs += ended.usage?.cpuMs ?? 0;
    app.peakMemoryKiB = Math.max(app.peakMemoryKiB, ended.usage?.peakMemoryKiB ?? 0);
    this.#addToWorker(ended, runMs);
    const { taskId, name, label } = task;
    this.#rank({ taskId, name, label, tryNumber: ended.number, worker: ended.worker, runMs, granted: ended.granted });
  }

  #addToWorker({ worker, host, executor, outcome }: TryHistory, runMs: number): void {
    if (worker === '') return;
    const key = `${executor}\n${worker}`;
    let summary = this.workers.get(key);
    if (!summary) this.workers.set(key, (summary = { worker, host, executor, tries: 0, busyMs: 0, lost: 0 }));
    summary.tries++;
    summary.busyMs += runMs;
    if (outcome === 'lost') summary.lost++;
  }

  #rank(task: SlowTask): void {
    const { slowest } = this;
    if (slowest.length === SLOWEST && (slowest[SLOWEST - 1] as SlowTask).runMs >= task.runMs) return;
    const place = slowest.findIndex(({ runMs }) => runMs < task.runMs);
    slowest.splice(place < 0 ? slowest.length : place, 0, task);
    slowest.length = Math.min(slowest.length, SLOWEST);
  }

  #appOf({ name, app }: TaskHistory): AppSummary {
    const key = `${app}\n${name}`;
    let summary = this.apps.get(key);
    if (!summary) {
      summary = createApp(name, app);
      this.apps.set(key, summary);
    }
    return summary;
  }
}

const createApp = (name: string, app: string): AppSummary => ({
  ...zeroCounts(),
  name,
  app,
  retries: 0,
  runs: 0,
  totalMs: 0,
  maxMs: 0,
  cpuMs: 0,
  peakMemoryKiB: 0,
  errors: new FailureGroups(MAX_ERRORS),
  given: new Map(),
});

function addGiven({ given }: AppSummary, amounts: GivenAmounts): void {
  const key = JSON.stringify(amounts);
  const known = given.get(key);
  if (known) known.tries++;
  else if (given.size < MAX_GIVEN) given.set(key, { ...amounts, tries: 1 });
}

const zeroCounts = (): StateCounts => ({ total: 0, done: 0, memoized: 0, failed: 0, ignored: 0, dependencyFailed: 0, cancelled: 0 });

function columnOf(state: TaskState): keyof StateCounts {
  return state === 'done' || state === 'cancelled' || state === 'dependencyFailed' || state === 'ignored' ? state : 'failed';
}
