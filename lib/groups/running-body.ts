/**
 * The join whose body the code at hand is part of, as far as groups have to know: one that waits for its own group never ends.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TaskGroup } from './task-group.ts';

export interface RunningBody {
  readonly group: TaskGroup | undefined;
  /** Whether the body has come to its end: what it left behind may wait for whatever it likes. */
  isOver: boolean;
  stop(reason: string): void;
}

const storage = new AsyncLocalStorage<RunningBody>();

export const inBody = <T>(body: RunningBody, fn: () => T): T => storage.run(body, fn);

/** `group` is waited for. A body that is in it, and goes on a turn later, is taken to be what waits. */
export function noteWait(group: TaskGroup): void {
  const body = storage.getStore();
  if (!body || body.isOver || !group.includes(body.group)) return;
  setImmediate(() => {
    if (!body.isOver) body.stop(describeEndlessWait(group.name));
  });
}

export const describeEndlessWait = (group: string, who = 'it waits'): string =>
  `${who} for group '${group}', in which it is itself, so neither would ever end; call it outside of the group`;
