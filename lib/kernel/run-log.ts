/**
 * The run's log: a line in `runinfo/NNN/flotilla.log` for everything that a person may want to read about executors, blocks,
 * managers and tasks that failed. A listener like any other: it changes nothing, and a disk that is full costs lines, not tasks.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type FailureMessage, failureChannel, type KernelMessage, kernelChannel, logChannel } from './channels.ts';
import { describeFailure } from './failure-line.ts';

export interface LogMessage {
  /** Label. */
  readonly executor: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

export const RUN_LOG = 'flotilla.log';

/**
 * Listens from now on. `level` is padded, so that messages stand in a column.
 * @returns how to stop.
 */
export function startRunLog(runDir: string): () => void {
  const fd = openSync(join(runDir, RUN_LOG), 'a', 0o644);
  const onLog = (message: unknown): void => writeLine(fd, formatLine(new Date(), message as LogMessage));
  const onKernel = (message: unknown): void => {
    const { state } = message as KernelMessage;
    writeLine(fd, formatLine(new Date(), { executor: '-', level: 'info', message: `kernel ${state}` }));
  };
  const onFailure = (message: unknown): void => {
    writeLine(fd, formatLine(new Date(), { executor: '-', ...describeFailure(message as FailureMessage) }));
  };
  logChannel.subscribe(onLog);
  kernelChannel.subscribe(onKernel);
  failureChannel.subscribe(onFailure);
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    logChannel.unsubscribe(onLog);
    kernelChannel.unsubscribe(onKernel);
    failureChannel.unsubscribe(onFailure);
    closeSync(fd);
  };
}

/** `2026-11-20T16:28:36.000Z warn  htex  message {"block":"0"}`, on one line whatever the message holds. */
export function formatLine(at: Date, { executor, level, message, fields }: LogMessage): string {
  const details = fields === undefined || Object.keys(fields).length === 0 ? '' : showFields(fields);
  const text = `${message}${details}`.replace(/\r?\n/g, '\\n');
  return `${at.toISOString()} ${level.padEnd(5)} ${executor}  ${text}\n`;
}

function showFields(fields: Readonly<Record<string, unknown>>): string {
  try {
    return ` ${JSON.stringify(fields)}`;
  } catch {
    // A bigint or a cycle: the message stands for itself.
    return '';
  }
}

function writeLine(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch {
    // No space is left, perhaps: the run goes on without its log.
  }
}
