/**
 * Tells of a task and its tries on the channels, if anybody listens.
 */
import { summarizeError } from '../events/error-summary.ts';
import type { MemoDecision, TaskEnded, TaskEvent, TryEnd, TryEnded, TryEvent, TryGranted } from '../events/events.ts';
import { DependencyError } from '../errors/index.ts';
import { textOfReason } from '../errors/message-parts.ts';
import type { GrantedTry, TryOutcome } from '../executor.ts';
import type { TryResult } from '../graph/task-graph.ts';
import { ResultStatus } from '../wire/records.ts';
import { asFuture, type Waitable } from './arguments.ts';
import { taskChannel, taskRecorder, tellTask, tellTry, tryChannel } from './channels.ts';
import type { Task } from './task.ts';

export function announceCalled(task: Task): void {
  const recorder = taskRecorder();
  const isHeard = taskChannel.hasSubscribers;
  if (recorder === undefined && !isHeard) return;
  const { taskId, appName: name, entry, label, parentId, waitables, stdout, stderr } = task;
  const app = entry.kind === 'bash' && entry.prefix !== undefined ? 'mpi' : entry.kind;
  if (label === undefined && parentId === undefined && waitables === undefined && stdout === undefined && stderr === undefined) {
    recorder?.taskCalled(taskId, name, app);
    if (isHeard) publishTask({ kind: 'taskCalled', taskId, name, app });
    return;
  }
  const after = waitables === undefined ? [] : tasksOf(waitables);
  tellTask({
    kind: 'taskCalled',
    taskId,
    name,
    app,
    ...(label === undefined ? {} : { label }),
    ...(parentId === undefined ? {} : { parent: parentId }),
    ...(after.length === 0 ? {} : { after }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
  });
}

function tasksOf(waitables: readonly Waitable[]): number[] {
  const ids = waitables.map((waitable) => (asFuture(waitable) as { taskId?: number } | undefined)?.taskId);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

export function announceCancelRequested({ taskId, cancelReason = '' }: Task): void {
  tellTask({ kind: 'cancelRequested', taskId, reason: textOfReason(cancelReason) });
}

export function announceMemo({ taskId }: Task, decision: MemoDecision): void {
  tellTask({ kind: 'memoDecided', taskId, decision });
}

/** An executor is about to be given the task's present try; a join's body is about to be begun. */
export function announceLaunched({ taskId, tryNumber, executor }: Task): void {
  taskRecorder()?.tryLaunched(taskId, tryNumber, executor);
  if (tryChannel.hasSubscribers) publishTry({ kind: 'tryLaunched', taskId, tryNumber, executor });
}

/** @param task whose try it is, if this driver has it: of one that was taken over, once it has been asked for here. */
export function announceGranted(task: Task | undefined, { taskId, tryNumber, manager, host, grant }: GrantedTry): void {
  if (task?.sentId !== taskId || task.sentTry !== tryNumber) return;
  const { cpus, gpus, memoryBytes, custom, nodes = [] } = grant;
  const others = nodes.filter(({ managerId }) => managerId !== manager).map(({ managerId }) => managerId);
  const granted: TryGranted = { kind: 'tryGranted', taskId: task.taskId, tryNumber: task.tryNumber, manager, host, cpus, gpus };
  tellTry({
    ...granted,
    ...(memoryBytes > 0 && { memoryBytes }),
    ...(Object.keys(custom).length > 0 && { custom }),
    ...(others.length > 0 && { others }),
    ...(nodes.length > 0 && { hosts: nodes.map((node) => node.host) }),
  });
}

/** @param outcome what an executor reported; absent: it ended in the driver. */
export function announceTryEnded(task: Task, result: TryResult, outcome: TryOutcome | undefined): void {
  const recorder = taskRecorder();
  const isHeard = tryChannel.hasSubscribers;
  // What is taken from the memo has no tries.
  if ((recorder === undefined && !isHeard) || task.isMemoized) return;
  const { taskId, tryNumber, latestError } = task;
  const { host = '', worker = '', startMs = 0, durationUs = 0, usage } = outcome ?? NOBODY;
  const end = endOf(result, outcome);
  if (end === 'done' && usage === undefined) {
    recorder?.tryDone(taskId, tryNumber, host, worker, startMs, durationUs);
    if (isHeard) publishTry({ kind: 'tryEnded', taskId, tryNumber, outcome: end, host, worker, startMs, durationUs });
    return;
  }
  const ended: TryEnded = { kind: 'tryEnded', taskId, tryNumber, outcome: end, host, worker, startMs, durationUs };
  const hasError = FAILURES.has(result.kind);
  tellTry({ ...ended, ...(usage === undefined ? {} : { usage }), ...(hasError ? { error: summarizeError(latestError) } : {}) });
}

const NOBODY: Partial<TryOutcome> = {};
const FAILURES: ReadonlySet<TryResult['kind']> = new Set(['failed', 'groupError', 'lost', 'expired']);

function endOf({ kind }: TryResult, outcome: TryOutcome | undefined): TryEnd {
  if (kind === 'ok') return 'done';
  if (kind === 'groupError') return 'failed';
  return kind === 'failed' && outcome?.status === ResultStatus.Walltime ? 'walltime' : kind;
}

/** @param error what its future fails with; undefined: it did not fail. */
export function announceEnded(task: Task, error: unknown): void {
  const recorder = taskRecorder();
  const isHeard = taskChannel.hasSubscribers;
  if (recorder === undefined && !isHeard) return;
  const { taskId, appName: name, state, latestError } = task;
  if (state === 'done') {
    recorder?.taskDone(taskId, name);
    if (isHeard) publishTask({ kind: 'taskEnded', taskId, name, state });
    return;
  }
  const ended: TaskEnded = { kind: 'taskEnded', taskId, name, state };
  if (error instanceof DependencyError) tellTask({ ...ended, ...upstreamOf(error) });
  else tellTask(error === undefined || error === latestError ? ended : { ...ended, error: summarizeError(error) });
}

/** Its message is the whole chain, and made when it is read: the tasks themselves tell as much. */
function upstreamOf({ upstreamTask, upstream }: DependencyError): Pick<TaskEnded, 'upstream' | 'error'> {
  return upstreamTask === undefined ? { error: summarizeError(upstream) } : { upstream: upstreamTask.id };
}

const publishTask = (event: TaskEvent): void => taskChannel.publish(event);
const publishTry = (event: TryEvent): void => tryChannel.publish(event);
