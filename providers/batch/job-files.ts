/** A request as a batch job: where its files lie. */
import { basename, dirname, join } from 'node:path';
import type { AdoptedJob, JobPlace, JobRequest } from '../../lib/provider.ts';
import type { BatchJob, JobFiles } from './scheduler.ts';

export function toBatchJob({ name, command, env }: JobRequest, { scriptDir, workingDirectory }: JobPlace): BatchJob {
  return { name, command, env, workingDirectory, files: filesOf(scriptDir, name) };
}

/** Those of a job that another driver submitted, from one of them. */
export function filesOfAdopted({ name, stdoutPath }: AdoptedJob, { scriptDir }: JobPlace): JobFiles {
  return stdoutPath === undefined ? filesOf(scriptDir, name) : filesOf(dirname(stdoutPath), basename(stdoutPath, '.stdout'));
}

function filesOf(scriptDir: string, name: string): JobFiles {
  const path = join(scriptDir, name);
  return { script: `${path}.sh`, stdout: `${path}.stdout`, stderr: `${path}.stderr`, end: `${path}.end` };
}
