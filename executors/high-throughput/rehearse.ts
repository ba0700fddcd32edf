/** What a HighThroughputExecutor would have its provider do for a block. Pure. */
import { join } from 'node:path';
import type { RehearsalPlace } from '../../lib/executor.ts';
import type { Rehearsal } from '../../lib/provider.ts';
import { requestJob, scriptDirOf } from '../blocks/job-request.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import { managerCommand, walltimeEnv } from './parts.ts';

export function rehearseBlock(
  compiled: CompiledHighThroughput,
  { runId, runDir, workingDirectory }: RehearsalPlace,
): Rehearsal | undefined {
  const { provider, label } = compiled;
  const command = managerCommand({ compiled, directory: join(runDir, label) });
  const job = requestJob({ runId, label, blockId: '0', provider, command, env: walltimeEnv(provider.limits) });
  return provider.rehearse?.(job, { scriptDir: scriptDirOf(runDir, label), workingDirectory });
}
