/**
 * How a task can end other than by its own code: past its walltime, outputs missing, cancelled, a value that cannot travel, no block
 * that could run it.
 */
import { formatSize } from '../size.ts';
import { AppError } from './app-error.ts';
import { FlotillaError, brandError } from './flotilla-error.ts';
import { shorten, textOfReason } from './message-parts.ts';
import { nameTask, type TaskName } from './task-ref.ts';

export interface TaskErrorOptions {
  /** Instead of the one made from the fields. */
  readonly message?: string;
  readonly task?: TaskName;
  readonly cause?: unknown;
}

export class WalltimeError extends AppError {
  static {
    brandError(this, 'WalltimeError');
  }

  declare readonly walltimeMs: number;

  constructor(fields: { readonly walltimeMs: number }, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const said = `${nameTask(task)} ran past its walltime of ${fields.walltimeMs / 1000} s and was ended; give it a longer 'walltime'`;
    super('FLOTILLA_WALLTIME_ERROR', message ?? said, { ...rest, fields: { ...fields } });
  }
}

interface MemoryLimitFields {
  readonly limitBytes: number;
  /** Of all its processes together, when it was ended. */
  readonly usedBytes: number;
  /** How many tries it has had. */
  readonly tries: number;
  /** What its worker has in memory before it runs anything; absent where that is little of the limit. */
  readonly workerBytes?: number;
  /** Of a task on several nodes: how many. Only the first is looked at. */
  readonly nodes?: number;
}

export class MemoryLimitError extends AppError {
  static {
    brandError(this, 'MemoryLimitError');
  }

  declare readonly limitBytes: number;
  declare readonly usedBytes: number;
  declare readonly tries: number;
  declare readonly workerBytes: number | undefined;

  constructor(fields: MemoryLimitFields, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const { limitBytes, usedBytes, nodes = 1 } = fields;
    const where = nodes === 1 ? '' : ` on the first of its ${nodes} nodes, the only one that is looked at,`;
    const said =
      `${nameTask(task)} used ${formatSize(usedBytes)} of memory${where} where ${formatSize(limitBytes)} are its limit, and was ended; ` +
      describeRemedy(fields);
    super('FLOTILLA_MEMORY_LIMIT_ERROR', message ?? said, { ...rest, fields: { ...fields } });
  }
}

function describeRemedy({ workerBytes }: MemoryLimitFields): string {
  const larger = "give it a larger 'resources.memory'";
  if (workerBytes === undefined) return larger;
  return `its worker alone takes ${formatSize(workerBytes)} or more before it runs anything: ${larger}, so much on top of what it needs itself`;
}

export class MissingOutputsError extends AppError {
  static {
    brandError(this, 'MissingOutputsError');
  }

  /** Absolute paths. */
  declare readonly missing: readonly string[];

  constructor(fields: { readonly missing: readonly string[] }, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const list = fields.missing.map((path) => `\n  ${path}`).join('');
    const said = `${nameTask(task)} returned, but not all of its 'outputs' are there; missing:${list}`;
    super('FLOTILLA_MISSING_OUTPUTS_ERROR', message ?? said, { ...rest, fields: { ...fields } });
  }
}

interface SerializationFields {
  readonly path: string;
  readonly seen: string;
  /** What to do, where it is not the usual. */
  readonly advice?: string | undefined;
}

export class SerializationError extends FlotillaError {
  static {
    brandError(this, 'SerializationError');
  }

  /** From the value down to the part that cannot travel: "args[0].callbacks[2]". */
  declare readonly path: string;
  /** What lies there: "a function (onDone)". */
  declare readonly seen: string;

  constructor(fields: SerializationFields, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const { advice = 'pass plain data instead', ...own } = fields;
    const whose = task === undefined ? '' : `${nameTask(task)}: `;
    const said = `${whose}${shorten(own.path, 160)} is ${own.seen}, which cannot travel between processes; ${advice}`;
    super('FLOTILLA_SERIALIZATION_ERROR', message ?? said, { ...rest, fields: own });
  }
}

/** A kind of node, and what a task asks for that it does not have. */
export interface NodeShortfall {
  /** "2 nodes like n013". */
  readonly nodes: string;
  /** "gpus: 2 wanted, 1 there", for each way in which the task could run. */
  readonly missing: readonly string[];
}

interface PlacementFields {
  readonly walltimeMs?: number | undefined;
  readonly availableMs?: number | undefined;
  readonly shortfalls?: readonly NodeShortfall[] | undefined;
}

function describeNeed({ walltimeMs, availableMs }: PlacementFields): string {
  if (walltimeMs === undefined || availableMs === undefined) return 'resources that no node has';
  return `${walltimeMs / 1000} s, and no block will ever have more than ${availableMs / 1000} s`;
}

/** Nowhere in the executor could the task ever run. */
export class PlacementError extends FlotillaError {
  static {
    brandError(this, 'PlacementError');
  }

  /** Where it is for want of time: what the task asks for, and the most that there will be. */
  declare readonly walltimeMs: number | undefined;
  declare readonly availableMs: number | undefined;
  /** Where it is for want of resources: for every kind of node what it lacks. */
  declare readonly shortfalls: readonly NodeShortfall[] | undefined;

  constructor(fields: PlacementFields = {}, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const { walltimeMs, availableMs, shortfalls } = fields;
    const said = `${nameTask(task)} needs ${describeNeed(fields)}`;
    super('FLOTILLA_PLACEMENT_ERROR', message ?? said, { ...rest, fields: { walltimeMs, availableMs, shortfalls } });
  }
}

export class CancelledError extends FlotillaError {
  static {
    brandError(this, 'CancelledError');
  }

  /** What was given to `cancel`; undefined when nothing was. */
  declare readonly reason: unknown;

  constructor(fields: { readonly reason?: unknown } = {}, options: TaskErrorOptions = {}) {
    const { message, task, ...rest } = options;
    const said = `${nameTask(task)} was cancelled${describeReason(fields.reason)}`;
    super('FLOTILLA_CANCELLED_ERROR', message ?? said, { ...rest, fields: { reason: fields.reason } });
  }
}

const describeReason = (reason: unknown): string => (reason === undefined ? '' : `: ${textOfReason(reason)}`);
