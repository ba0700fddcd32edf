/**
 * Tasks of a durable run: each is written down before an executor has it, and its result before the executor forgets it. A task that an
 * earlier driver had already is known again by its key, and takes over what became of it.
 */
import type { TryOutcome } from '../executor.ts';
import { outcomeOf, type PastTask } from '../durable/history.ts';
import { isValueThere, withKeptValue } from '../durable/kept-values.ts';
import { makeKey, type KeyParts } from '../memo/memo-key.ts';
import { ResultStatus } from '../wire/records.ts';
import { decodeStored, decodeValue, isStored } from '../wire/value-codec.ts';
import { announceMemo } from './announce.ts';
import { logChannel } from './channels.ts';
import type { DurableRun } from './durable-open.ts';
import type { LaunchSite } from './launch.ts';
import { missingFile } from './left-files.ts';
import { StoredResult } from './stored-result.ts';
import type { Task } from './task.ts';
import { TaskKeys } from './task-key.ts';

export interface DurableSite {
  readonly site: LaunchSite;
  /** The task runs as any other. */
  run(task: Task): void;
  /** An executor's report on a try. */
  reported(outcome: TryOutcome): void;
}

interface Bound {
  readonly task: Task;
  readonly past: PastTask;
}

export class DurableTasks {
  readonly #run: DurableRun;
  readonly #kernel: DurableSite;
  readonly #keys: TaskKeys;
  /** Of tasks that no executor has had yet. */
  readonly #keyOf = new Map<number, string>();
  /** By the number that an earlier driver gave them. */
  readonly #bound = new Map<number, Bound>();
  #hasToldUnkeyable = false;

  constructor(run: DurableRun, kernel: DurableSite, files: 'mtime' | 'content') {
    this.#run = run;
    this.#kernel = kernel;
    this.#keys = new TaskKeys(kernel.site, files, kernel.site.workingDirectory, 'every argument');
  }

  /** A task whose dependencies are done. */
  arrive(task: Task): void {
    if (task.entry.kind === 'join') return this.#kernel.run(task);
    try {
      const parts = this.#keys.partsOf(task);
      if (!(parts instanceof Promise)) return this.#decide(task, parts);
      const isWanted = (): boolean => this.#kernel.site.isCurrent(task, task.tryNumber);
      parts.then(
        (ready) => isWanted() && this.#decide(task, ready),
        (error: unknown) => isWanted() && this.#withoutKey(task, error),
      );
    } catch (error) {
      this.#withoutKey(task, error);
    }
  }

  /** If this driver dies it runs again. */
  #withoutKey(task: Task, error: unknown): void {
    if (!this.#hasToldUnkeyable) {
      this.#hasToldUnkeyable = true;
      const message = `task ${task.taskId} (${task.appName}) could not be known again if this driver died: ${(error as Error).message}; this is the first of such tasks`;
      this.#warn(message);
    }
    this.#kernel.run(task);
  }

  #decide(task: Task, parts: KeyParts): void {
    const key = makeKey(parts);
    const past = this.#run.history.claim(key, (each) => this.#isUnderWay(each));
    const ended = past?.ended && this.#open(task, past.ended);
    if (past && ended?.status === ResultStatus.Ok) return this.#take(task, past, ended);
    // Of one whose result has gone it is as if it had not been.
    if (past && (ended || !past.ended)) this.#bind(task, past);
    else if (this.#run.journal) this.#keyOf.set(task.taskId, key);
    this.#kernel.run(task);
  }

  #isUnderWay({ executor, taskId, tryNumber }: PastTask): boolean {
    return this.#kernel.site.executors.holds(executor, taskId, tryNumber);
  }

  /** @returns undefined if it, the value that it refers to, or a file that the task had left, is not there any more. */
  #open(task: Task, ended: NonNullable<PastTask['ended']>): TryOutcome | undefined {
    try {
      const outcome = outcomeOf(ended);
      const gone = isValueThere(outcome) ? goneFileOf(task, outcome) : 'the value that it had come to';
      if (gone === undefined) return outcome;
      this.#warn(`task ${task.taskId} (${task.appName}) runs again: ${gone} is gone`);
    } catch (error) {
      this.#warn(`task ${task.taskId} (${task.appName}) runs again: ${(error as Error).message}`);
    }
    return undefined;
  }

  #warn(message: string): void {
    logChannel.publish({ executor: 'durable', level: 'warn', message });
  }

  #take(task: Task, { run, taskId }: PastTask, { body }: TryOutcome): void {
    const madeBy = task.entry.kind === 'python' ? 'python' : 'js';
    const value = isStored(body) ? new StoredResult(decodeStored(body), madeBy, true) : decodeValue(body);
    task.isMemoized = true;
    announceMemo(task, { kind: 'taken', run, task: taskId });
    this.#kernel.site.joinEnded(task, task.tryNumber, { value });
  }

  /** Its first try here is the last one there. */
  #bind(task: Task, past: PastTask): void {
    announceMemo(task, { kind: 'takenOver', run: past.run, task: past.taskId });
    task.sentBefore = { taskId: past.taskId, tries: past.tryNumber - 1, executor: past.executor };
    this.#bound.set(past.taskId, { task, past });
    task.future.onSettled(() => this.#bound.delete(past.taskId));
  }

  /** The executor is about to be given the task's present try. @returns whether it is to be: not if its outcome is known already. */
  launching(task: Task): boolean {
    const { sentId, sentTry } = task;
    const isBound = task.sentBefore !== undefined && task.tryNumber === 1;
    if (!isBound) {
      this.#run.journal?.launched({ taskId: sentId, tryNumber: sentTry, executor: task.executor, key: this.#keyOf.get(task.taskId) ?? '' });
      this.#keyOf.delete(task.taskId);
      return true;
    }
    const ended = this.#bound.get(sentId)?.past.ended;
    if (!ended) return true;
    queueMicrotask(() => this.#kernel.reported(outcomeOf(ended)));
    return false;
  }

  taskOf(pastId: number): Task | undefined {
    return this.#bound.get(pastId)?.task;
  }

  /** What an executor reports, in this driver's numbers; undefined if it is of a task that nobody has asked for here. */
  localize(outcome: TryOutcome): TryOutcome | undefined {
    const { history } = this.#run;
    const bound = this.#bound.get(outcome.taskId);
    if (!bound && outcome.taskId <= history.lastTaskId) {
      if (history.note(outcome)) this.#keep(outcome);
      return undefined;
    }
    this.#keep(outcome);
    if (!bound) return outcome;
    const { task } = bound;
    return { ...outcome, taskId: task.taskId, tryNumber: outcome.tryNumber - (task.sentBefore?.tries ?? 0) };
  }

  #keep(outcome: TryOutcome): void {
    const { journal } = this.#run;
    if (!journal || outcome.status !== ResultStatus.Ok) return;
    try {
      journal.ended(withKeptValue(outcome, this.#kernel.site.runDir));
    } catch (error) {
      this.#warn(`the result of task ${outcome.taskId} is not kept for another driver: ${(error as Error).message}`);
    }
  }
}

/** A failure has left nothing. */
function goneFileOf(task: Task, { status }: TryOutcome): string | undefined {
  const path = status === ResultStatus.Ok ? missingFile(task) : undefined;
  return path === undefined ? undefined : `the file ${path} that it had written`;
}
