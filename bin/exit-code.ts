/**
 * The exit code of a run. Documented in `flotilla --help`. Pure.
 */
import { FlotillaError } from '../lib/errors/flotilla-error.ts';
import type { ScriptEnd } from './script.ts';

export interface RunOutcome {
  readonly end: ScriptEnd;
  readonly closeFailed: boolean;
  /** Failed tasks whose failure nobody looked at. */
  readonly unobserved: number;
  /** What the script put into process.exitCode. */
  readonly set: string | number | null | undefined;
}

export function exitCodeOf({ end, closeFailed, unobserved, set }: RunOutcome): string | number {
  if (end.kind === 'interrupted') return signalExitCode(end.signal);
  if (end.kind === 'threw') return FlotillaError.is(end.error) && end.error.code === 'FLOTILLA_CONFIG_ERROR' ? 2 : 1;
  if (set !== undefined && set !== null && Number(set) !== 0) return set;
  return end.kind === 'stalled' || closeFailed || unobserved > 0 ? 1 : 0;
}

/** As a shell counts. */
function signalExitCode(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): number {
  return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal];
}
