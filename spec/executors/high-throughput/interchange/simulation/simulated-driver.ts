/**
 * A driver in virtual time: keeps every try until its outcome is told, and complains of any that is told twice or was never asked for.
 */
import { readResult, recordEnd, ResultStatus, TASK_HEADER_BYTES, writeTaskHeader } from '../../../../../lib/wire/records.ts';
import type { Report } from '../../../../../executors/high-throughput/interchange/core-events.ts';

export interface OutstandingTry {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
  readonly priority: number;
  readonly requestId: number;
}

export class SimulatedDriver {
  readonly outstanding = new Map<number, OutstandingTry>();
  /** `taskId.try` → how it ended. */
  readonly told = new Map<string, string>();
  /** Tries to send; the simulation takes them from here. */
  toSubmit: OutstandingTry[] = [];
  /** Tries that were asked to be cancelled. */
  readonly wasAsked = new Set<string>();
  /** After a crash of the interchange what it had told may be told again. */
  repeatsAllowed = false;
  #nextTask = 1;

  submit(fnId: number, priority: number, requestId = 0): void {
    this.#add({ taskId: this.#nextTask++, tryNumber: 1, fnId, priority, requestId });
  }

  takeResults(records: Buffer): void {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { taskId, tryNumber, status } = readResult(records, at);
      const isNews = this.#end(taskId, tryNumber, `status ${status}`, status === ResultStatus.Unstarted);
      if (isNews && status === ResultStatus.Cancelled && !this.wasAsked.has(`${taskId}.${tryNumber}`)) {
        throw new Error(`${taskId}.${tryNumber} was cancelled unasked`);
      }
    }
  }

  takeReport(report: Report): void {
    if (report.kind !== 'managerLost') return;
    for (const [taskId, tryNumber] of report.tasks) this.#end(taskId, tryNumber, `lost with ${report.managerId}`, true);
  }

  /** @returns false for a repeat. */
  #end(taskId: number, tryNumber: number, how: string, again: boolean): boolean {
    const name = `${taskId}.${tryNumber}`;
    const known = this.outstanding.get(taskId);
    if (known?.tryNumber !== tryNumber) {
      if (this.repeatsAllowed) return false;
      throw new Error(`try ${name} ended (${how}) but had been told before: ${this.told.get(name)}`);
    }
    this.told.set(name, how);
    this.outstanding.delete(taskId);
    if (again) this.#add({ ...known, tryNumber: tryNumber + 1 });
    return true;
  }

  #add(task: OutstandingTry): void {
    this.outstanding.set(task.taskId, task);
    this.toSubmit.push(task);
  }
}

/** Task records of one buffer. */
export function encodeTasks(
  tasks: readonly { taskId: number; tryNumber: number; fnId: number; flags?: number; walltimeMs?: number; requestId?: number }[],
  argsLength = 3,
): Buffer {
  return Buffer.concat(
    tasks.map(({ taskId, tryNumber, fnId, flags = 0, walltimeMs = 0, requestId = 0 }) => {
      const record = Buffer.alloc(TASK_HEADER_BYTES + argsLength);
      writeTaskHeader(record, 0, { taskId, tryNumber, fnId, flags, contextLength: 0, walltimeMs, requestId }, argsLength);
      return record;
    }),
  );
}
