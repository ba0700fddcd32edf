/**
 * The ends of tries, from wherever they come, on their way to the task graph: what they mean is left in the task, the channels are
 * told, and the graph decides what follows.
 */
import type { RetryHandler } from '../config.ts';
import { packWireError } from '../errors/index.ts';
import type { TryOutcome } from '../executor.ts';
import type { TryResult } from '../graph/task-graph.ts';
import { ResultStatus } from '../wire/records.ts';
import { decodeStored, isStored } from '../wire/value-codec.ts';
import { announceTryEnded } from './announce.ts';
import { tellExecutor } from './channels.ts';
import type { EffectLoop } from './effect-loop.ts';
import type { ExecutorSet } from './executor-set.ts';
import { tagOwnError } from './final-error.ts';
import { costOf, failedTry, readOutcome } from './outcome.ts';
import { isInStore } from './store-dir.ts';
import type { Task } from './task.ts';
import type { TaskTable } from './task-table.ts';

interface TryEndsParts {
  readonly graph: EffectLoop;
  readonly tasks: TaskTable;
  readonly executors: ExecutorSet;
  readonly retryHandler: RetryHandler | undefined;
  /** Folders in which workers leave results: of this run, and of those that it has taken over. */
  stores(): readonly string[];
  /** In this driver's numbers; undefined: nobody here has asked for it. */
  localize(outcome: TryOutcome): TryOutcome | undefined;
}

export class TryEnds {
  readonly #parts: TryEndsParts;

  constructor(parts: TryEndsParts) {
    this.#parts = parts;
  }

  /** What failed in the driver fails again: no retry. */
  failedHere(task: Task, tryNumber: number, error: unknown): void {
    if (!this.#parts.tasks.isCurrent(task, tryNumber)) return;
    task.latestError = tagOwnError(task, error);
    this.end(
      task,
      failedTry(task, error, () => Number.POSITIVE_INFINITY),
    );
  }

  joinEnded(task: Task, tryNumber: number, result: { readonly value: unknown } | { readonly error: unknown }): void {
    const { tasks, retryHandler } = this.#parts;
    if (!tasks.isCurrent(task, tryNumber)) return;
    if ('value' in result) {
      task.latestValue = result.value;
      return this.end(task, { kind: 'ok' });
    }
    task.latestError = tagOwnError(task, result.error);
    this.end(
      task,
      failedTry(task, result.error, () => costOf(task, result.error, retryHandler)),
    );
  }

  /** An executor reported. */
  reported(report: TryOutcome): void {
    const { tasks, executors, retryHandler } = this.#parts;
    const outcome = this.#parts.localize(isStored(report.body) ? this.#believed(report) : report);
    const task = outcome && tasks.get(outcome.taskId);
    if (!task || task.tryNumber !== outcome.tryNumber) return;
    executors.noteEnded(task.executor);
    task.noteOutcome(outcome);
    this.end(task, this.#belongsElsewhere(task, outcome) ? { kind: 'unstarted' } : readOutcome(task, outcome, retryHandler), outcome);
  }

  /** It was given to an executor that nobody knew yet to have nothing for it. */
  #belongsElsewhere({ executor, request, entry }: Task, { status }: TryOutcome): boolean {
    if (status !== ResultStatus.Failed || request === undefined) return false;
    return this.#parts.executors.mayBeElsewhere(executor, entry.options.executors, request);
  }

  #believed(report: TryOutcome): TryOutcome {
    if (report.status !== ResultStatus.Ok || isStoredIn(report.body, this.#parts.stores())) return report;
    const message = 'its result is said to lie in a file that is none of the run’s store; it is left alone';
    return { ...report, status: ResultStatus.Failed, body: packWireError({ kind: 'serialization', name: 'SerializationError', message }) };
  }

  executorFailed(label: string, error: Error): void {
    const { tasks, executors } = this.#parts;
    executors.markFailed(label, error);
    tellExecutor({ kind: 'executorFailed', executor: label, reason: error.message });
    for (const task of tasks.all()) {
      if (task.state === 'launched' && task.executor === label) this.failedHere(task, task.tryNumber, error);
    }
  }

  end(task: Task, result: TryResult, outcome?: TryOutcome): void {
    announceTryEnded(task, result, outcome);
    this.#parts.graph.step({ kind: 'tryEnded', id: task.taskId, tryNumber: task.tryNumber, result });
  }
}

function isStoredIn(body: Buffer, stores: readonly string[]): boolean {
  try {
    return isInStore(decodeStored(body), stores);
  } catch {
    return false; // Not even MessagePack.
  }
}
