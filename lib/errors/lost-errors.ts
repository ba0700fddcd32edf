/**
 * Infrastructure that died under a task: a worker, a whole manager, or one task that kills every worker it is given.
 * None of these costs one of the app's `retries`.
 */
import { FlotillaError, brandError } from './flotilla-error.ts';
import { describeEnd, quoteStderr } from './message-parts.ts';
import { nameTask } from './task-ref.ts';
import type { TaskErrorOptions } from './task-errors.ts';

export interface WorkerLostFields {
  readonly host: string;
  readonly worker: string;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly stderrTail?: string;
}

export class WorkerLost extends FlotillaError {
  static {
    brandError(this, 'WorkerLost');
  }

  declare readonly host: string;
  declare readonly worker: string;
  declare readonly exitCode: number | null | undefined;
  declare readonly signal: string | null | undefined;
  declare readonly stderrTail: string | undefined;

  constructor(fields: WorkerLostFields, options: TaskErrorOptions = {}, code = 'FLOTILLA_WORKER_LOST') {
    const { message, task, ...rest } = options;
    const end = describeEnd(fields.exitCode, fields.signal);
    const said = `worker ${fields.worker} on ${fields.host} was lost${end} while it ran ${nameTask(task)}${quoteStderr(fields.stderrTail)}`;
    super(code, message ?? said, { ...rest, fields: { ...fields } });
  }
}

export interface ManagerLostFields {
  readonly host: string;
  readonly managerId: string;
  /** Milliseconds since the epoch, on the interchange's clock. */
  readonly lastHeartbeat: number;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly stderrTail?: string;
}

export class ManagerLost extends FlotillaError {
  static {
    brandError(this, 'ManagerLost');
  }

  declare readonly host: string;
  declare readonly managerId: string;
  declare readonly lastHeartbeat: number;
  declare readonly exitCode: number | null | undefined;
  declare readonly signal: string | null | undefined;
  declare readonly stderrTail: string | undefined;

  constructor(fields: ManagerLostFields, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const end = describeEnd(fields.exitCode, fields.signal);
    const heard = `last heard of ${describeTime(fields.lastHeartbeat)}`;
    const held = task === undefined ? '' : `; it held ${nameTask(task)}`;
    const said = `manager ${fields.managerId} on ${fields.host} was lost${end}, ${heard}${held}${quoteStderr(fields.stderrTail)}`;
    super('FLOTILLA_MANAGER_LOST', message ?? said, { ...rest, fields: { ...fields } });
  }
}

function describeTime(ms: number): string {
  return Number.isFinite(ms) && ms > 0 && ms <= 8.64e15 ? `at ${new Date(ms).toISOString()}` : 'never';
}

/** A WorkerLost that came too often; host, worker, exit code and signal are those of the last one. */
export class PoisonTaskError extends WorkerLost {
  static {
    brandError(this, 'PoisonTaskError');
  }

  /** One per worker that it killed, oldest first. */
  declare readonly losses: readonly Error[];

  constructor(fields: WorkerLostFields & { readonly losses: readonly Error[] }, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const { losses } = fields;
    const list = losses.map((loss, index) => `\n  ${index + 1}. ${loss.message.split('\n', 1)[0]}`).join('');
    const advice = 'it is not tried again: look for what ends the process (memory, native code, process.exit)';
    const said = `${nameTask(task)} was lost with its worker ${losses.length} times; ${advice}:${list}`;
    super(fields, { cause: losses.at(-1), ...rest, message: message ?? said }, 'FLOTILLA_POISON_TASK_ERROR');
  }
}
