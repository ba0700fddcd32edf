/**
 * A config as the kernel sees it: defaults filled in, units in the names, nothing optional that has a default.
 * What people write is in configs/.
 */
import type { ExecutorDescription } from './executor.ts';

export type ExitMode = 'wait' | 'cleanup' | 'skip';
export type StrategyName = 'none' | 'simple' | 'htex-auto-scale';

/** What a retry handler is told about the try that failed. */
export interface FailedTry {
  readonly taskId: number;
  /** Name of the app. */
  readonly name: string;
  /** From 1. */
  readonly tryNumber: number;
}

/** The cost of one failed try. A task runs again while the sum of its costs is at most `retries`. */
export type RetryHandler = (error: unknown, failed: FailedTry) => number;

/** When finished results of apps with `cache: true` are written. */
export type CheckpointMode = 'off' | 'taskExit' | 'periodic' | 'exit' | 'manual';

export interface MemoSettings {
  /** Whether results are used again at all; false: as if no app had `cache: true`. */
  readonly enabled: boolean;
  /** What makes two file arguments equal: path, size and time of change; or what is in them. */
  readonly files: 'mtime' | 'content';
  readonly checkpoint: CheckpointMode;
  readonly checkpointPeriodMs: number;
  /** Checkpoints of earlier runs: run numbers, 'last', 'all' or paths. */
  readonly checkpointFiles: readonly string[];
}

export interface CompiledConfig {
  readonly executors: readonly ExecutorDescription[];
  readonly retries: number;
  readonly retryHandler: RetryHandler | undefined;
  /** As written; the kernel resolves it and makes `NNN` in it. */
  readonly runDir: string;
  readonly exitMode: ExitMode;
  readonly strategy: StrategyName;
  readonly strategyPeriodMs: number;
  readonly maxIdleTimeMs: number;
  /** For executors that have none of their own; undefined: workers leave at once when the driver is gone. */
  readonly orphanGraceMs: number | undefined;
  readonly initializeLogging: boolean;
  readonly memo: MemoSettings;
  /** The run that this one goes on with: its number, 'last', or its directory. */
  readonly resume?: string | undefined;
}
