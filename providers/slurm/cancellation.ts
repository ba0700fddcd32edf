/** scancel: what it is told, and what its answer means. It says nothing of jobs that have ended or never were. */
import type { CommandResult } from '../../lib/channel.ts';
import type { Cancellation, SchedulerCommand } from '../batch/scheduler.ts';
import { isOutOfReach, isWithoutReply, slurmWords } from './answers.ts';
import { clusterArguments } from './cluster-arguments.ts';

export const scancelCommand = (jobIds: readonly string[], clusters: string | undefined): SchedulerCommand => ({
  argv: ['scancel', ...clusterArguments(clusters), ...jobIds],
});

const HAS_ENDED = /Invalid job id specified|already completing or completed/;

export function parseScancel(result: CommandResult): Cancellation {
  if (result.exitCode === 0) return { kind: 'cancelled' };
  const reason = slurmWords(result);
  if (isOutOfReach(result) || isWithoutReply(result)) return { kind: 'unreachable', reason };
  const complaints = result.stderr.split('\n').filter((line) => line.includes('error:') && !HAS_ENDED.test(line));
  return complaints.length === 0 && HAS_ENDED.test(result.stderr) ? { kind: 'cancelled' } : { kind: 'refused', reason };
}
