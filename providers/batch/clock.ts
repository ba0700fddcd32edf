/** Time as a provider knows it, so that specs need not wait. */
import { steadyNow } from '../../lib/steady-clock.ts';

export interface Clock {
  /** ms since the epoch, without jumps: not to be held against times of files. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. @param holds whether the process stays for it; default true. */
  sleep(ms: number, signal?: AbortSignal, holds?: boolean): Promise<void>;
}

export const systemClock: Clock = {
  now: steadyNow,
  sleep(ms, signal, holds = true) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      if (!holds) timer.unref();
      signal?.addEventListener('abort', wake);
    });
  },
};

/** `first`, twice that, … up to `longest`. */
export function backoffMs(failures: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** Math.max(0, failures - 1));
}
