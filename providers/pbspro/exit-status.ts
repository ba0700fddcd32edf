/**
 * What the state and the Exit_status of a job of PBS mean. Pure tables and their reading.
 */
import { constants } from 'node:os';
import type { JobState, JobStatus } from '../../lib/provider.ts';
import type { JobFacts } from './qstat-answer.ts';

/** PBS Professional 2022.1 Reference Guide, "Job States". F, X and what is not listed are read by their Exit_status, or not known. */
const STATES: Readonly<Record<string, JobState>> = {
  /** An array that has begun. */
  B: 'running',
  /** Exiting: it has run, and its output is being delivered. */
  E: 'running',
  /** Held. */
  H: 'pending',
  /** Queued. */
  Q: 'pending',
  R: 'running',
  /** Suspended by the server, and by the user's return to the workstation. */
  S: 'running',
  U: 'running',
  /** Being moved. */
  T: 'pending',
  /** For its time (-a). */
  W: 'pending',
};

/** JOB_EXEC_… in job.h of OpenPBS; PBS Professional 2022.1 Administrator's Guide, "Job Exit Status Codes". */
const NEGATIVE: Readonly<Record<number, string>> = {
  [-1]: 'the job could not be started, before its files were there',
  [-2]: 'the job could not be started, after its files were there',
  [-3]: 'the job could not be started; PBS tries again',
  [-4]: 'the node was started anew while the job ran',
  [-10]: "the job's owner or group may not run there",
  [-11]: 'the job was asked to run again',
  [-16]: "a hook of the site's refused the job; PBS tries again",
  [-17]: "a hook of the site's refused the job",
  [-18]: "a hook of the site's had the job run again",
  [-19]: "a hook of the site's deleted the job",
  [-20]: 'the node of the job was lost',
  [-24]: 'it used more processors than it asked for',
  [-25]: 'it used more processors than it asked for',
  [-26]: 'it used more virtual memory than it asked for',
  [-27]: 'it used more memory than it asked for',
  [-28]: 'it used more processor time than it asked for',
  [-29]: 'its walltime was over',
};
const WALLTIME = -29;

/** Attribute `substate`: deleted, before or while it ran. PBS Professional 2022.1 Reference Guide, "Job Substates". */
const DELETED = 91;

/** Nobody asked for this: PBS itself deletes a job that could not be started so many times. */
const GAVE_UP = /too many failed attempts/;

export function toJobStatus(facts: JobFacts): JobStatus {
  if (facts.state === 'F' || facts.state === 'X') return describeEnd(facts);
  const state = STATES[facts.state];
  if (state === 'pending') return describeWaiting(facts);
  if (state === undefined) return { state: 'unknown', reason: `PBS says that it is in state ${facts.state}` };
  return { state };
}

function describeWaiting({ comment, exitStatus }: JobFacts): JobStatus {
  const again = exitStatus === undefined ? '' : `it ran and waits to run again (${explainExit(exitStatus)})`;
  const reason = [again, comment ?? ''].filter((part) => part !== '').join('; ');
  return {
    state: 'pending',
    ...(reason !== '' && { reason }),
    ...(staysSo(comment ?? '') && { neverStarts: true }),
  };
}

/** Until somebody changes the request or the site, or releases the job that PBS holds. */
const staysSo = (comment: string): boolean => comment.startsWith('Can Never Run') || GAVE_UP.test(comment);

function describeEnd(facts: JobFacts): JobStatus {
  const { exitStatus, comment } = facts;
  if (exitStatus === undefined)
    return { state: GAVE_UP.test(comment ?? '') ? 'failed' : 'cancelled', reason: comment ?? 'deleted before it ran' };
  const state = endState(facts, exitStatus);
  return { state, ...(state !== 'completed' && { reason: explain(exitStatus, comment) }), ...endFields(exitStatus) };
}

function endState({ substate, comment = '' }: JobFacts, exitStatus: number): JobState {
  if (exitStatus === WALLTIME) return 'timeout';
  const wasDeleted = substate === DELETED || / and terminated by /.test(comment);
  if (wasDeleted && !GAVE_UP.test(comment)) return 'cancelled';
  return exitStatus === 0 ? 'completed' : 'failed';
}

function endFields(exitStatus: number): Pick<JobStatus, 'exitCode' | 'signal'> {
  if (exitStatus < 0) return {};
  if (exitStatus < 256) return { exitCode: exitStatus };
  const signal = signalName(exitStatus - 256);
  return signal === undefined ? {} : { signal };
}

const explain = (exitStatus: number, comment: string | undefined): string =>
  comment === undefined ? explainExit(exitStatus) : `${explainExit(exitStatus)}; PBS: ${comment}`;

/** 256 + n: killed by signal n. A shell reports a program that died by signal n as 128 + n. */
function explainExit(exitStatus: number): string {
  if (exitStatus < 0) return NEGATIVE[exitStatus] ?? `PBS ended it with Exit_status ${exitStatus}`;
  if (exitStatus >= 256) return `killed by ${signalName(exitStatus - 256) ?? `signal ${exitStatus - 256}`}`;
  const signal = signalName(exitStatus - 128);
  return signal === undefined ? `exit code ${exitStatus}` : `exit code ${exitStatus}: ${signal}`;
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
