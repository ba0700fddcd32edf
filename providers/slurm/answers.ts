/**
 * What Slurm's commands print when they cannot do their work: sorted into what that means for us. Seen with Slurm 22.05.
 */
import type { CommandResult } from '../../lib/channel.ts';

/** The request has not reached a controller. */
const NO_CONTACT =
  /Unable to contact slurm controller|authentication error|Munge encode failed|backup controller in standby|Unable to establish control/i;
/** It may have. */
const NO_REPLY =
  /Socket timed out|Transport endpoint is not connected|Zero Bytes were transmitted|Unexpected message|Connection (reset|timed out)|Communication (connection|shutdown)/i;
/** So many jobs may be in the queue: of this user or account, or at all. */
const NO_ROOM =
  /(QOS|Assoc|QOSPartition)?(Max|Grp)SubmitJob\w*|temporarily unable to accept job|Resource temporarily unavailable|MaxSubmitJobs?PerUser/i;

export const isOutOfReach = ({ stderr }: CommandResult): boolean => NO_CONTACT.test(stderr);
export const isWithoutReply = ({ stderr, exitCode }: CommandResult): boolean => exitCode === undefined || NO_REPLY.test(stderr);
export const isWithoutRoom = ({ stderr }: CommandResult): boolean => NO_ROOM.test(stderr);

/** Slurm's own words, in one line. */
export function slurmWords({ stdout, stderr, exitCode, signal }: CommandResult): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).split('\n').map((line) => line.replace(/^\w+: (error: |fatal: )?/, '').trim());
  const words = [...new Set(lines.filter((line) => line !== ''))].join('; ');
  if (words !== '') return words;
  return signal === undefined ? `exit code ${exitCode}, and not a word` : `it was killed by ${signal}`;
}
