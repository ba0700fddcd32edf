/**
 * The wait before a kernel closes: for its tasks, with a limit, and not in silence.
 */

import { setLongTimeout } from '../long-timeout.ts';

/** What is waited for. */
interface Draining {
  remaining(): number;
  waitForCurrentTasks(): Promise<void>;
  cancelAll(reason: string): void;
  /** Said once, if it takes a while. */
  tellWaiting(): void;
}

/** A wait of this length is explained. */
const NOTICE_MS = 2000;

/** @param timeoutMs after which what is left is cancelled. */
export async function drain(tasks: Draining, timeoutMs: number | undefined): Promise<void> {
  const giveUp =
    timeoutMs === undefined
      ? undefined
      : setLongTimeout(() => tasks.cancelAll(`the kernel was closed and ${timeoutMs / 1000} s had passed`), timeoutMs);
  const notice = setTimeout(() => tasks.tellWaiting(), NOTICE_MS);
  // Joins may call others meanwhile.
  while (tasks.remaining() > 0) await tasks.waitForCurrentTasks();
  giveUp?.clear();
  clearTimeout(notice);
}
