/**
 * What is known of each task, from the events of a run: a projection, so it has no clock and reads no file.
 */
import type { TaskState } from '../../futures/app-future.ts';
import type { Usage } from '../../wire/records.ts';
import type { AppKind, ErrorSummary, Logged, MemoDecision, TaskCalled, TryEnd, TryGranted } from '../events.ts';

export interface TryHistory {
  readonly number: number;
  readonly executor: string;
  /** When an executor was given it; undefined if it ended before (its arguments could not travel). */
  readonly launchedMs: number | undefined;
  host: string;
  worker: string;
  /** Start and end on the worker's clock; undefined if it never ran, as far as is known. */
  startMs: number | undefined;
  endMs: number | undefined;
  /** When the driver was told of its end. */
  endedMs: number | undefined;
  /** 'launched' until its end is told of: the driver does not hear when a try starts. */
  outcome: TryEnd | 'launched';
  usage: Usage | undefined;
  error: ErrorSummary | undefined;
  /** What it had for itself; undefined: it asked for nothing, or did not get it. */
  granted: GrantedParts | undefined;
}

export interface GrantedParts extends Omit<TryGranted, 'kind' | 'taskId' | 'tryNumber'> {
  readonly atMs: number;
}

export interface MemoMoment {
  readonly atMs: number;
  readonly decision: MemoDecision;
}

export interface TaskHistory {
  readonly taskId: number;
  readonly name: string;
  readonly app: AppKind;
  /** Of the call. */
  readonly label: string | undefined;
  readonly parent: number | undefined;
  /** Tasks that it took values from. */
  readonly after: readonly number[];
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
  readonly calledMs: number;
  state: TaskState;
  endedMs: number | undefined;
  readonly tries: TryHistory[];
  /** What the memo came to, the last of them for good; undefined where it told nothing. */
  memo: MemoMoment[] | undefined;
  cancelRequest: { readonly atMs: number; readonly reason: string } | undefined;
  /** Why it failed, cancelled or did not run: its own where it has one, else that of its last try. */
  error: ErrorSummary | undefined;
  /** The task whose failure kept it from running. */
  upstream: number | undefined;
}

export class TaskHistories {
  readonly #tasks = new Map<number, TaskHistory>();
  readonly #wanted: (taskId: number) => boolean;

  /** @param wanted which tasks to remember; default all. */
  constructor(wanted: (taskId: number) => boolean = () => true) {
    this.#wanted = wanted;
  }

  get(taskId: number): TaskHistory | undefined {
    return this.#tasks.get(taskId);
  }

  all(): IterableIterator<TaskHistory> {
    return this.#tasks.values();
  }

  /** Bounds memory where each task is looked at once. */
  forget(taskId: number): void {
    this.#tasks.delete(taskId);
  }

  /** @returns the task that the event is about, if it is about one that is remembered. */
  add({ atMs, event }: Logged): TaskHistory | undefined {
    if (!('taskId' in event) || !this.#wanted(event.taskId)) return undefined;
    if (event.kind === 'taskCalled') return this.#called(event, atMs);
    const task = this.#tasks.get(event.taskId);
    if (!task) return undefined;
    switch (event.kind) {
      case 'cancelRequested':
        task.cancelRequest = { atMs, reason: event.reason };
        break;
      case 'memoDecided':
        task.memo = [...(task.memo ?? []), { atMs, decision: event.decision }];
        break;
      case 'tryLaunched':
        task.state = task.app === 'join' ? 'joining' : 'launched';
        task.tries.push(createTry(event.tryNumber, event.executor, atMs));
        break;
      case 'tryGranted':
        // After an interchange has died it is told again.
        tryOf(task, event.tryNumber).granted ??= toParts(event, atMs);
        break;
      case 'tryEnded': {
        const { host, worker, startMs, durationUs, outcome, usage, error } = event;
        const started = startMs > 0;
        Object.assign(tryOf(task, event.tryNumber), {
          host,
          worker,
          outcome,
          usage,
          error,
          endedMs: atMs,
          startMs: started ? startMs : undefined,
          endMs: started ? startMs + durationUs / 1000 : undefined,
        });
        break;
      }
      case 'taskEnded':
        task.state = event.state;
        task.endedMs = atMs;
        task.upstream = event.upstream;
        task.error = event.error ?? (event.state === 'failed' || event.state === 'ignored' ? task.tries.at(-1)?.error : undefined);
    }
    return task;
  }

  #called({ taskId, name, app, label, parent, after = [], stdout, stderr }: TaskCalled, calledMs: number): TaskHistory {
    const task: TaskHistory = {
      taskId,
      name,
      app,
      label,
      parent,
      after,
      stdout,
      stderr,
      calledMs,
      state: 'pending',
      endedMs: undefined,
      tries: [],
      memo: undefined,
      cancelRequest: undefined,
      error: undefined,
      upstream: undefined,
    };
    this.#tasks.set(taskId, task);
    return task;
  }
}

function toParts({ kind: _kind, taskId: _task, tryNumber: _try, ...parts }: TryGranted, atMs: number): GrantedParts {
  return { atMs, ...parts };
}

/** Whose result it has, in place of one of its own: the run, NNN, and the task there. */
export function takenFrom({ memo }: TaskHistory): { readonly run: string; readonly task: number } | undefined {
  const last = memo?.at(-1)?.decision;
  return last?.kind === 'taken' ? last : undefined;
}

/** A try may have ended in the driver, before any executor had it. */
function tryOf(task: TaskHistory, number: number): TryHistory {
  const known = task.tries.at(-1);
  if (known?.number === number) return known;
  const created = createTry(number, '', undefined);
  task.tries.push(created);
  return created;
}

const createTry = (number: number, executor: string, launchedMs: number | undefined): TryHistory => ({
  number,
  executor,
  launchedMs,
  host: '',
  worker: '',
  startMs: undefined,
  endMs: undefined,
  endedMs: undefined,
  outcome: 'launched',
  usage: undefined,
  error: undefined,
  granted: undefined,
});

/** Wall time on the worker, ms; undefined if it did not run, or was still running. */
export const runTimeOf = ({ startMs, endMs }: TryHistory): number | undefined =>
  startMs === undefined || endMs === undefined ? undefined : endMs - startMs;
