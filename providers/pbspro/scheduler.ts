/**
 * PBS Pro as a dialect: its command lines, and what their answers mean. Remembers one thing of a site: whether it keeps job history.
 */
import type { CommandResult } from '../../lib/channel.ts';
import type { JobStatus } from '../../lib/provider.ts';
import type { BatchJob, Cancellation, FoundJobs, Scheduler, SchedulerCommand, StatusAnswer, StatusQuery } from '../batch/scheduler.ts';
import { neverRan, reachedNoServer, readComplaints, sequenceOf, wordsOf } from './complaints.ts';
import { toJobStatus } from './exit-status.ts';
import type { CompiledPBSProProvider } from './options.ts';
import { type JobFacts, parseJsonAnswer, parseTextAnswer } from './qstat-answer.ts';
import { parseSubmission } from './submission.ts';
import { buildSubmitScript } from './submit-script.ts';

export class PBSPro implements Scheduler {
  readonly name = 'PBS Pro';
  readonly #options: CompiledPBSProProvider;
  /** Until a server says that it keeps none. With it, one query tells of jobs that live and of those that have ended. */
  #keepsHistory = true;

  constructor(options: CompiledPBSProProvider) {
    this.#options = options;
  }

  script(job: BatchJob): string {
    return buildSubmitScript(this.#options, job);
  }

  readonly submit = {
    command: ({ files }: BatchJob): SchedulerCommand => ({ argv: ['qsub', files.script] }),
    parse: parseSubmission,
  };

  /** The second is for jobs whose JSON cannot be read, and for the first query of a site without history. */
  readonly status: readonly StatusQuery[] = [this.#query(['-f', '-F', 'json'], parseJsonAnswer), this.#query(['-f'], parseTextAnswer)];

  /** qselect knows exact names only, so that all unfinished jobs of the user are listed. As text, which other jobs cannot spoil. */
  readonly find = {
    command: (): SchedulerCommand => ({ argv: ['sh', '-c', LIST_OWN_JOBS] }),
    parse: (result: CommandResult): FoundJobs => {
      if (!hasAnswered(result)) return { kind: 'unreachable', reason: wordsOf('qselect', result) };
      const jobs = parseTextAnswer(result.stdout).filter(({ state }) => state !== 'F' && state !== 'X');
      return { kind: 'found', jobs: jobs.map(({ id, name }) => ({ jobId: id, name })) };
    },
  };

  readonly cancel = {
    command: (jobIds: readonly string[]): SchedulerCommand => ({ argv: ['qdel', ...jobIds] }),
    parse: (result: CommandResult): Cancellation => {
      if (hasAnswered(result)) return { kind: 'cancelled' };
      const reason = wordsOf('qdel', result);
      return { kind: reachedNoServer(result) || neverRan(result) ? 'unreachable' : 'refused', reason };
    },
  };

  /** What mom writes into a job's stderr is all that is left of the reason where no history is kept. */
  readLastWords(stderr: string): Pick<JobStatus, 'state' | 'reason'> | undefined {
    const words = /^=>> PBS: (job killed: (\w+) .*)$/m.exec(stderr);
    if (words?.[1] === undefined) return undefined;
    return { state: words[2] === 'walltime' ? 'timeout' : 'failed', reason: words[1] };
  }

  #query(options: readonly string[], read: (stdout: string) => JobFacts[]): StatusQuery {
    return {
      command: (jobIds) => ({ argv: ['qstat', ...(this.#keepsHistory ? ['-x'] : []), ...options, ...jobIds] }),
      parse: (result, jobIds) => this.#parse(result, jobIds, read),
    };
  }

  #parse(result: CommandResult, jobIds: readonly string[], read: (stdout: string) => JobFacts[]): StatusAnswer {
    const facts = read(result.stdout);
    if (facts.length === 0 && !hasAnswered(result)) return { kind: 'unreachable', reason: wordsOf('qstat', result) };
    const complaints = readComplaints(result.stderr);
    if (complaints.some(({ kind }) => kind === 'noHistory')) this.#keepsHistory = false;
    if (complaints.some(({ kind }) => kind === 'finishedJob')) this.#keepsHistory = true;
    const denied = complaints.flatMap((complaint) => (complaint.kind === 'unknownJob' ? complaint.sequence : []));
    return { kind: 'answered', jobs: pickJobs(facts, jobIds), denied: jobIds.filter((jobId) => denied.includes(sequenceOf(jobId))) };
  }
}

const LIST_OWN_JOBS = 'user=$(id -un) && ids=$(qselect -u "$user") || exit; [ -z "$ids" ] || qstat -f $ids';

/** It has spoken of jobs, or of nothing but jobs that it does not know, or not any more. */
function hasAnswered(result: CommandResult): boolean {
  if (neverRan(result) || reachedNoServer(result)) return false;
  return result.exitCode === 0 || !readComplaints(result.stderr).some(({ kind }) => kind === 'other');
}

/** Under the ids by which they were asked for. */
function pickJobs(facts: readonly JobFacts[], jobIds: readonly string[]): Map<string, JobStatus> {
  const asked = new Map(jobIds.map((jobId) => [sequenceOf(jobId), jobId]));
  const pairs = facts.map((job) => [asked.get(sequenceOf(job.id)), toJobStatus(job)] as const);
  return new Map(pairs.filter((pair): pair is readonly [string, JobStatus] => pair[0] !== undefined));
}
