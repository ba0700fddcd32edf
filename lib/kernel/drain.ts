/**
 * The wait before a kernel closes: for its tasks, with a limit, and not in silence.
 */

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

/** @param timeout seconds after which what is left is cancelled. */
export async function drain(tasks: Draining, timeout: number | undefined): Promise<void> {
  const giveUp =
    timeout === undefined
      ? undefined
      : setTimeout(() => tasks.cancelAll(`the kernel was closed and ${timeout} s had passed`), timeout * 1000);
  const notice = setTimeout(() => tasks.tellWaiting(), NOTICE_MS);
  // Joins may call others meanwhile.
  while (tasks.remaining() > 0) await tasks.waitForCurrentTasks();
  clearTimeout(giveUp);
  clearTimeout(notice);
}
