/**
 * Starts a HighThroughputExecutor: keys, interchange, blocks.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ExecutorFailed } from '../../lib/errors/index.ts';
import type { ExecutorContext, RunningExecutor } from '../../lib/executor.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import { HighThroughput } from './executor.ts';
import { LEAST_OPEN_FILES, tooFewOpenFiles } from './open-files.ts';
import { listensOnLoopback } from './peer-settings.ts';
import type { RemoteSite } from './remote/site.ts';

/** Where managers run, if it is not beside the driver. */
async function openSite(compiled: CompiledHighThroughput, context: ExecutorContext): Promise<RemoteSite | undefined> {
  const { channel } = compiled.provider;
  if (channel === undefined) return undefined;
  const { RemoteSite } = await import('./remote/site.ts');
  return RemoteSite.open(compiled, context, channel);
}

function warnIfOpen(compiled: CompiledHighThroughput, { events }: ExecutorContext): void {
  if (compiled.encrypted || listensOnLoopback(compiled)) return;
  const message = `executor '${compiled.label}': encrypted is false: whoever reaches its port can take tasks and give results, and read both on their way`;
  events.log('warn', message);
}

/** @throws ExecutorFailed if the interchange cannot be started, or a limit of this process is too low for it. */
export async function startHighThroughput(compiled: CompiledHighThroughput, context: ExecutorContext): Promise<RunningExecutor> {
  const tooFew = tooFewOpenFiles(LEAST_OPEN_FILES);
  if (tooFew !== undefined) throw new ExecutorFailed(compiled.label, tooFew);
  const directory = join(context.runDir, compiled.label);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  warnIfOpen(compiled, context);
  const site = await openSite(compiled, context);
  const executor = new HighThroughput({ compiled, context, directory, site });
  await executor.start();
  return executor;
}
