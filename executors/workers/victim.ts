/**
 * What becomes of the task that ran when its worker ended.
 */
import { packWireError } from '../../lib/errors/index.ts';
import { readTaskHeader, ResultStatus, type Usage } from '../../lib/wire/records.ts';
import { timedRecord } from './ended-records.ts';
import { memoryExceeded, walltimeExceeded, workerLost, workerNotStarted } from './losses.ts';
import type { WorkerExit } from './runner.ts';
import { contextAt, type Slot } from './slot.ts';

/** @returns its result record; undefined: it was killed by mistake, and runs again. */
export function judgeVictim(slot: Slot, victim: Buffer, exit: WorkerExit, host: string): Buffer | undefined {
  const header = readTaskHeader(victim, 0);
  const { kill, index, batchStartMs } = slot;
  const ended = (status: ResultStatus, body: Buffer, usage?: Usage): Buffer =>
    timedRecord({ header, status, body, startMs: batchStartMs, worker: index, usage });
  const isCancelled = slot.cancelled.has(header.taskId);
  if (kill && kill.taskId !== header.taskId && !isCancelled) return undefined;
  if (kill?.reason === 'walltime') {
    return ended(ResultStatus.Walltime, packWireError(walltimeExceeded(contextAt(victim, 0).walltimeMs ?? 0)));
  }
  if (typeof kill?.reason === 'object') {
    const usage = { cpuMs: 0, peakMemoryKiB: Math.round(kill.reason.usedBytes / 1024) };
    return ended(ResultStatus.Failed, packWireError(memoryExceeded(kill.reason, host)), usage);
  }
  if (kill || isCancelled) return ended(ResultStatus.Cancelled, Buffer.alloc(0));
  if (exit.startError !== undefined) return ended(ResultStatus.Failed, packWireError(workerNotStarted(exit.startError, host)));
  // What it had started goes on otherwise.
  slot.runner?.kill('SIGKILL', header);
  return ended(ResultStatus.Lost, packWireError(workerLost(exit, host, index)));
}
