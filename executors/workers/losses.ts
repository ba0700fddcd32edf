/**
 * The words for tasks that their worker could not finish.
 */
import type { WireError } from '../../lib/errors/wire-error.ts';
import type { TaskHeader } from '../../lib/wire/records.ts';
import { lastWords } from './last-words.ts';
import type { WorkerExit } from './runner.ts';
import type { MemoryExcess } from './slot.ts';

export function workerLost(exit: WorkerExit, host: string, worker: number): WireError {
  const { exitCode, signal, stderrTail, shortage } = exit;
  if (shortage !== undefined) {
    return {
      kind: 'worker-lost',
      name: 'WorkerLost',
      message: `worker ${worker} on ${host}: ${shortage}`,
      fields: { host, exitCode, signal, stderrTail },
    };
  }
  const how = signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`;
  const words = lastWords(stderrTail);
  const said = words === '' ? '' : `; its stderr: ${words}`;
  return {
    kind: 'worker-lost',
    name: 'WorkerLost',
    message: `worker ${worker} on ${host} ${how} while it ran the task${said}`,
    fields: { host, exitCode, signal, stderrTail },
  };
}

export function workerNotStarted(reason: string, host: string): WireError {
  return { kind: 'definition', name: 'DefinitionError', message: `on ${host}: ${reason}` };
}

export function functionUndefined({ fnId, taskId }: TaskHeader, host: string): WireError {
  return { kind: 'definition', name: 'DefinitionError', message: `function ${fnId} of task ${taskId} was never defined on ${host}` };
}

/** Its words are those of the class. */
export const memoryExceeded = ({ limitBytes, usedBytes, workerBytes, nodes = 1 }: MemoryExcess, host: string): WireError => ({
  kind: 'memory-limit',
  name: 'MemoryLimitError',
  message: '',
  fields: { limitBytes, usedBytes, host, ...(workerBytes !== undefined && { workerBytes }), ...(nodes > 1 && { nodes }) },
});

/** Its words are those of the class. */
export function walltimeExceeded(walltimeMs: number): WireError {
  return {
    kind: 'walltime',
    name: 'WalltimeError',
    message: '',
    fields: { walltimeMs },
  };
}
