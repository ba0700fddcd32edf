/**
 * What `kernel.close` takes, checked before anything is closed.
 */
import { checkOneOf, compileDuration } from '../apps/option-checks.ts';
import { InvalidOptionError } from '../errors/index.ts';

export interface CloseOptions {
  /** 'wait': for all tasks first (default); 'cleanup': cancel them; 'skip': leave everything as it is. */
  readonly mode?: 'wait' | 'cleanup' | 'skip' | undefined;
  /** Cancel what is left after this long: '30s', or a number of seconds. Default: no limit. */
  readonly timeout?: string | number | undefined;
}

const OF = 'close()';
const checkMode = checkOneOf(['wait', 'cleanup', 'skip']);
const compileTimeout = compileDuration(0);

/** @throws InvalidOptionError for an option that does not exist or has the wrong type. */
export function compileCloseOptions(options: CloseOptions): { mode: 'wait' | 'cleanup' | 'skip'; timeoutMs: number | undefined } {
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'mode' && name !== 'timeout') throw InvalidOptionError.unknown(OF, name, value, ['mode', 'timeout']);
  }
  const { mode = 'wait', timeout } = options;
  return { mode: checkMode(mode, OF, 'mode'), timeoutMs: timeout === undefined ? undefined : compileTimeout(timeout, OF, 'timeout') };
}
