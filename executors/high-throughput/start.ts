/**
 * Starts a HighThroughputExecutor: keys, interchange, blocks.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutorContext, RunningExecutor } from '../../lib/executor.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import { HighThroughput } from './executor.ts';

/** @throws ExecutorFailed if the interchange cannot be started. */
export async function startHighThroughput(compiled: CompiledHighThroughput, context: ExecutorContext): Promise<RunningExecutor> {
  const directory = join(context.runDir, compiled.label);
  mkdirSync(directory, { recursive: true });
  const executor = new HighThroughput(compiled, context, directory);
  await executor.start();
  return executor;
}
