/**
 * What `flotilla run` and `load()` tell each other within one process: the choices of the command line go one way, the kernels
 * that were started the other. A record on globalThis, because the script may import another copy of the package.
 */
import type { DataFlowKernel } from '../lib/kernel/kernel.ts';

const KEY = Symbol.for('flotilla.run');

export interface FlotillaRun {
  /** `--config`. */
  readonly config?: string;
  /** `--set`, in order. */
  readonly set: readonly string[];
  readonly quiet: boolean;
  /** `--resume`: the number of a run, or 'last'. */
  readonly resume?: string;
  /** Called with each kernel that load() has started. */
  kernelStarted(kernel: DataFlowKernel): void;
}

export function announceRun(run: FlotillaRun): void {
  Reflect.set(globalThis, KEY, run);
}

/** undefined: the script was not started by `flotilla run`. */
export function currentRun(): FlotillaRun | undefined {
  return Reflect.get(globalThis, KEY) as FlotillaRun | undefined;
}
