/**
 * What someone who waits for a future may be told: the join's parts failed, or the wait took too long.
 */
import { FlotillaError, brandError } from './flotilla-error.ts';
import { beginningOf, shorten } from './message-parts.ts';
import { nameTask, type TaskName } from './task-ref.ts';

export interface JoinFailure {
  /** Undefined: not a task but a promise of the join body's own. */
  readonly taskId: number | undefined;
  readonly error: unknown;
}

export class JoinError extends FlotillaError {
  static {
    brandError(this, 'JoinError');
  }

  /** Exactly the parts that failed, in the order of the join's result. `cause` is the first one's error. */
  declare readonly failures: readonly JoinFailure[];

  constructor(fields: { readonly failures: readonly JoinFailure[] }, options: { readonly task?: TaskName; readonly total?: number } = {}) {
    const { failures } = fields;
    const of = options.total === undefined ? '' : ` of ${options.total}`;
    const list = failures.slice(0, 10).map((failure) => `\n  ${describeFailure(failure)}`);
    if (failures.length > 10) list.push(`\n  and ${failures.length - 10} more: see error.failures`);
    super(
      'FLOTILLA_JOIN_ERROR',
      `${nameTask(options.task)}: ${failures.length}${of} ${(options.total ?? failures.length) === 1 ? 'part' : 'parts'} of the join failed:${list.join('')}`,
      {
        cause: failures[0]?.error,
        fields: { failures },
      },
    );
  }
}

/** Joins within joins may be thousands deep. The end, which has the cause, is kept. */
const PART_LETTERS = 1000;

function describeFailure({ taskId, error }: JoinFailure): string {
  const said = error instanceof Error ? `${error.name}: ${shorten(beginningOf(error.message), PART_LETTERS)}` : String(error);
  return `${taskId === undefined ? 'a promise' : `task ${taskId}`}: ${said}`;
}

export class ResultTimeoutError extends FlotillaError {
  static {
    brandError(this, 'ResultTimeoutError');
  }

  declare readonly timeoutMs: number;

  /** @param what the future that was waited for: "task 7 (simulate)". */
  constructor(what: string, timeoutMs: number) {
    const advice = 'it goes on: wait again, give a longer timeout, or cancel() it; kernel.explain(taskId) says what it waits for';
    super('FLOTILLA_RESULT_TIMEOUT_ERROR', `${what} had no result after ${timeoutMs / 1000} s; ${advice}`, { fields: { timeoutMs } });
  }
}
