/**
 * What the kernel tells an executor that it starts.
 */
import type { CompiledConfig } from '../config.ts';
import type { ExecutorContext, GrantedTry, TryOutcome } from '../executor.ts';
import { logChannel } from './channels.ts';

export interface ExecutorContextParts {
  readonly label: string;
  readonly config: CompiledConfig;
  readonly runId: string;
  readonly site: { readonly runDir: string; readonly storeDir: string; readonly workingDirectory: string };
  readonly durable: { readonly takenOver: readonly string[]; sending(): void };
  tryEnded(outcome: TryOutcome): void;
  tryGranted(granted: GrantedTry): void;
  failed(error: Error): void;
}

export function executorContext({
  label,
  config,
  runId,
  site,
  durable,
  tryEnded,
  tryGranted,
  failed,
}: ExecutorContextParts): ExecutorContext {
  const { strategy, strategyPeriodMs, maxIdleTimeMs, orphanGraceMs } = config;
  const { runDir, storeDir, workingDirectory } = site;
  return {
    runId,
    runDir,
    workingDirectory,
    storeDir,
    strategy: { name: strategy, periodMs: strategyPeriodMs, maxIdleTimeMs },
    orphanGraceMs,
    takeOver: durable.takenOver,
    events: {
      sending: () => durable.sending(),
      tryEnded,
      tryGranted,
      failed,
      log: (level, message, fields) => logChannel.publish({ executor: label, level, message, fields }),
    },
  };
}
