/** sbatch: how a block is submitted, and what its answer means. */
import type { CommandResult } from '../../lib/channel.ts';
import type { BatchJob, SchedulerCommand, Submission } from '../batch/scheduler.ts';
import { isOutOfReach, isWithoutReply, isWithoutRoom, slurmWords } from './answers.ts';
import { clusterArguments } from './cluster-arguments.ts';

/** On the command line, which wins over the script and over `SBATCH_…` variables. */
export function sbatchCommand({ name, workingDirectory, files }: BatchJob, clusters: string | undefined): SchedulerCommand {
  return {
    argv: [
      'sbatch',
      '--parsable',
      ...clusterArguments(clusters),
      `--job-name=${name}`,
      `--chdir=${workingDirectory}`,
      `--output=${literal(files.stdout)}`,
      `--error=${literal(files.stderr)}`,
      files.script,
    ],
  };
}

/** sbatch(1), filename pattern: `\` turns all replacement off, and cannot be written itself; `%%` is a percent sign. */
const literal = (path: string): string => path.replaceAll('%', '%%');

/** Sites print greetings around the answer: `12` or `12;cluster` alone on a line, or "Submitted batch job 12". */
export function parseSbatch(result: CommandResult): Submission {
  if (result.exitCode === 0) return parseJobId(result);
  const reason = slurmWords(result);
  if (isOutOfReach(result)) return { kind: 'unreachable', reason };
  if (isWithoutReply(result)) return { kind: 'unclear', reason };
  return { kind: isWithoutRoom(result) ? 'full' : 'refused', reason };
}

function parseJobId(result: CommandResult): Submission {
  const jobId = /^(?:Submitted batch job )?(\d+)(?:;\S+| on cluster \S+)?\s*$/m.exec(result.stdout)?.[1];
  if (jobId !== undefined) return { kind: 'accepted', jobId };
  return { kind: 'unclear', reason: `sbatch ended with exit code 0, but its answer has no job id: ${slurmWords(result)}` };
}
