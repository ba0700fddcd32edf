/** What a HighThroughputExecutor would have its provider do for a block. Pure. */
import { join, posix } from 'node:path';
import type { RehearsalPlace } from '../../lib/executor.ts';
import type { Rehearsal } from '../../lib/provider.ts';
import { requestJob, scriptDirOf } from '../blocks/job-request.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import { managerCommand, walltimeEnv } from './parts.ts';
import { bundlesIn, managerCommandIn, runDirIn } from './remote/places.ts';

export function rehearseBlock(
  compiled: CompiledHighThroughput,
  { runId, runDir, workingDirectory }: RehearsalPlace,
): Rehearsal | undefined {
  const { provider, label } = compiled;
  if (provider.channel !== undefined) return rehearseThere(compiled, runId);
  const command = managerCommand({ compiled, directory: join(runDir, label), site: undefined });
  const job = requestJob({ runId, label, blockId: '0', provider, command, env: walltimeEnv(provider.limits) });
  return provider.rehearse?.(job, { scriptDir: scriptDirOf(runDir, label), workingDirectory });
}

/** Nobody is asked, so the folder is as it is written, and the bundle without its digest. */
function rehearseThere({ provider, label }: CompiledHighThroughput, runId: string): Rehearsal | undefined {
  const { scriptDir: folder = '.' } = provider;
  const runDir = runDirIn(folder, runId, label);
  const command = managerCommandIn(posix.join(bundlesIn(folder), 'DIGEST'), runDir);
  const job = requestJob({ runId, label, blockId: '0', provider, command, env: walltimeEnv(provider.limits) });
  return provider.rehearse?.(job, { scriptDir: scriptDirOf(runDir, label), workingDirectory: runDir });
}
