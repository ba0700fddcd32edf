/** A request as a batch job: where its files lie. */
import { join } from 'node:path';
import type { JobPlace, JobRequest } from '../../lib/provider.ts';
import type { BatchJob, JobFiles } from './scheduler.ts';

export function toBatchJob({ name, command, env }: JobRequest, { scriptDir, workingDirectory }: JobPlace): BatchJob {
  return { name, command, env, workingDirectory, files: filesOf(scriptDir, name) };
}

function filesOf(scriptDir: string, name: string): JobFiles {
  const path = join(scriptDir, name);
  return { script: `${path}.sh`, stdout: `${path}.stdout`, stderr: `${path}.stderr`, end: `${path}.end` };
}
