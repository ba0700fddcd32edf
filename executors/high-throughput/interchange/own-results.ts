/**
 * Results that no worker will send: of tries that were cancelled in the queue, or never arrived at their manager.
 */
import { encodeResult, type ResultStatus } from '../../../lib/wire/records.ts';
import { type Effect, NO_MANAGER } from './core-events.ts';
import { type Core, fnIdOf, tryNumberIn } from './core-state.ts';
import { tryKey } from './try-key.ts';

interface EndedTask {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
}

export function reportHere(core: Core, tasks: readonly EndedTask[], status: ResultStatus, effects: Effect[]): void {
  if (tasks.length === 0) return;
  const records = tasks.map(({ taskId, tryNumber, fnId }) =>
    encodeResult({ taskId, tryNumber, fnId, status, durationUs: 0, startMs: 0, worker: 0 }),
  );
  for (const { taskId, tryNumber } of tasks) core.recovery?.settled.add(tryKey(taskId, tryNumber));
  effects.push({ kind: 'forwardResults', managerIndex: NO_MANAGER, records: Buffer.concat(records) });
}

export const endedTask = (taskId: number, packed: number): EndedTask => ({ taskId, tryNumber: tryNumberIn(packed), fnId: fnIdOf(packed) });
