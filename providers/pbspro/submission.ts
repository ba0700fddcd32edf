/**
 * qsub's answer. Owns what is a refusal, what a full queue, and what leaves open whether there is a job now.
 */
import type { CommandResult } from '../../lib/channel.ts';
import type { Submission } from '../batch/scheduler.ts';
import { neverRan, reachedNoServer, wordsOf } from './complaints.ts';

/** Sites print notes around it. */
const JOB_ID = /^\s*(\d+\.[\w.-]+)\s*$/m;

/**
 * Limits on how many jobs a user, a group or a project may have: 15142, PBSE_ENTLIMCT, "would exceed queue generic's per-user limit of
 * jobs in 'Q' state"; 15143, PBSE_ENTLIMRESC, the same of a resource; 15046, PBSE_MAXQUED, "Maximum number of jobs already in queue".
 */
const FULL = /would exceed .*limit|maximum number of jobs already in/i;

/** qsub keeps a process in the background that speaks to the server; it may have said all before it was lost. */
const UNCLEAR = /failed to (recv|send) data|end of file|premature end of message|timeout/i;

export function parseSubmission(result: CommandResult): Submission {
  const jobId = JOB_ID.exec(result.stdout)?.[1];
  const reason = wordsOf('qsub', result);
  if (result.exitCode === 0) return jobId === undefined ? { kind: 'unclear', reason } : { kind: 'accepted', jobId };
  if (result.exitCode === undefined) return { kind: 'unclear', reason };
  if (neverRan(result)) return { kind: 'refused', reason: `${reason}; qsub must be on PATH where the driver runs` };
  if (FULL.test(result.stderr)) return { kind: 'full', reason };
  if (UNCLEAR.test(result.stderr)) return { kind: 'unclear', reason };
  return { kind: reachedNoServer(result) ? 'unreachable' : 'refused', reason };
}
