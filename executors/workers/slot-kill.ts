/**
 * Ends the task that a slot runs before its own end: asked first, and killed when its grace is over. What had no right to more memory is not asked.
 */
import { setLongTimeout } from '../../lib/long-timeout.ts';
import { DEFAULT_KILL_GRACE_MS } from '../../lib/task-spec.ts';
import { TaskFlag, type TaskHeader } from '../../lib/wire/records.ts';
import { contextAt, currentTask, type KillReason, type Slot } from './slot.ts';

export function startKill(slot: Slot, taskId: number, reason: KillReason): void {
  const { runner, batch, kill } = slot;
  if (!runner || !batch) return;
  if (typeof reason === 'object') {
    slot.kill ??= { taskId, reason, graceTimer: undefined };
    return runner.kill('SIGKILL', { taskId });
  }
  if (kill) return;
  const graceMs = contextAt(batch.records, slot.cursor).killGraceMs ?? DEFAULT_KILL_GRACE_MS;
  slot.kill = { taskId, reason, graceTimer: setLongTimeout(() => runner.kill('SIGKILL', { taskId }), graceMs) };
  runner.kill('SIGTERM', { taskId });
}

/** Its turn may have come in the batch since that was asked for. */
export function killIfCancelled(slot: Slot): void {
  const running = slot.cancelled.size === 0 ? undefined : currentTask(slot);
  if (running && slot.cancelled.has(running.taskId)) startKill(slot, running.taskId, 'cancelled');
}

/** Of the first task of the batch, which is alone in it if it has a walltime. */
export function watchWalltime(slot: Slot, { taskId, flags }: TaskHeader): void {
  if (!slot.batch || (flags & TaskFlag.Solo) === 0) return;
  const { walltimeMs } = contextAt(slot.batch.records, 0);
  if (walltimeMs !== undefined) slot.walltimeTimer = setLongTimeout(() => startKill(slot, taskId, 'walltime'), walltimeMs);
}
