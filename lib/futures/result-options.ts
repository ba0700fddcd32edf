/**
 * How long to wait for a future, and what may end the wait. The task goes on in any case.
 */
import { compileDuration } from '../apps/option-checks.ts';
import { InvalidOptionError, ResultTimeoutError } from '../errors/index.ts';
import { setLongTimeout } from '../long-timeout.ts';

export interface ResultOptions {
  /** Give up waiting after this long; the task goes on. `'90s'`, or a bare number of seconds as in Parsl. */
  readonly timeout?: number | string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WaitLimit {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

const OF = 'result()';
const compileTimeout = compileDuration(0);

/** @returns undefined where nothing limits the wait. @throws InvalidOptionError for an option that does not exist or has the wrong type. */
export function compileResultOptions(options: ResultOptions): WaitLimit | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'timeout' && name !== 'signal') throw InvalidOptionError.unknown(OF, name, value, ['timeout', 'signal']);
  }
  const { timeout, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw InvalidOptionError.wrong(OF, 'signal', signal, 'an AbortSignal');
  if (timeout === undefined && signal === undefined) return undefined;
  return { timeoutMs: timeout === undefined ? undefined : compileTimeout(timeout, OF, 'timeout'), signal };
}

/** @throws ResultTimeoutError when the time is over; the signal's reason when it aborts. */
export async function limitWait<T>(settled: Promise<T>, { timeoutMs, signal }: WaitLimit, what: string): Promise<T> {
  signal?.throwIfAborted();
  const limit = Promise.withResolvers<never>();
  const timer =
    timeoutMs === undefined ? undefined : setLongTimeout(() => limit.reject(new ResultTimeoutError(what, timeoutMs)), timeoutMs);
  const onAbort = (): void => limit.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([settled, limit.promise]);
  } finally {
    timer?.clear();
    signal?.removeEventListener('abort', onAbort);
  }
}
