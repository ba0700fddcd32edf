/**
 * What `flotilla run` and `load()` tell each other within one process: the choices of the command line go one way, the kernels
 * that were started the other. A record on globalThis, because the script may import another copy of the package.
 */
import type { DataFlowKernel } from '../lib/kernel/kernel.ts';

const KEY = Symbol.for('flotilla.run');

export interface FlotillaRun {
  readonly command: 'run' | 'map' | 'perf';
  /** Absolute: where it was started. */
  readonly startedIn: string;
  /** `--config`. */
  readonly config?: string;
  /** `--set`, in order. */
  readonly set: readonly string[];
  readonly quiet: boolean;
  /** `--resume`: the number of a run, its directory, or 'last'. */
  readonly resume?: string;
  /** Called with each kernel that load() has started. */
  kernelStarted(kernel: DataFlowKernel): void;
}

export function announceRun(run: Omit<FlotillaRun, 'startedIn'>): void {
  Reflect.set(globalThis, KEY, { ...run, startedIn: process.cwd() } satisfies FlotillaRun);
}

/** undefined: the script was not started by `flotilla run`. */
export function currentRun(): FlotillaRun | undefined {
  return Reflect.get(globalThis, KEY) as FlotillaRun | undefined;
}
