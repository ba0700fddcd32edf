/**
 * setTimeout for any span: Node's own takes 2^31 - 1 ms (24.8 days) at most and fires at once for more.
 */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface LongTimeout {
  clear(): void;
  /** It keeps the process alive no longer, not when it is armed again either. */
  unref(): void;
}

/** Calls `fn` once after `ms`; never, if that is Infinity. */
export function setLongTimeout(fn: () => void, ms: number): LongTimeout {
  let left = ms;
  let held = true;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const span = Math.min(left, MAX_TIMER_MS);
    left -= span;
    timer = setTimeout(left > 0 ? arm : fn, span);
    if (!held) timer.unref();
  };
  arm();
  return {
    clear: () => clearTimeout(timer),
    unref: () => {
      held = false;
      timer.unref();
    },
  };
}
