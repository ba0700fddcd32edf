/**
 * What distinguishes one batch scheduler from another: the text of its scripts, its command lines and what their answers mean.
 * Pure functions only; when to ask, how often, and what to do when nobody answers is batch-provider.ts's business.
 */
import type { ChannelCommand, CommandResult } from '../../lib/channel.ts';
import type { JobStatus } from '../../lib/provider.ts';

/** A command of the scheduler, as the channel runs it. */
export type SchedulerCommand = Pick<ChannelCommand, 'argv' | 'env' | 'stdin'>;

/** A job as its script and its submission know it. */
export interface BatchJob {
  /** `flotilla.<run id>.<block>`: the scheduler must keep it as the job's name, whole. */
  readonly name: string;
  /** Wrapped by the launcher. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly files: JobFiles;
}

/** Absolute paths, on the machine on which the scheduler's commands run. */
export interface JobFiles {
  readonly script: string;
  readonly stdout: string;
  readonly stderr: string;
  /** The script writes its exit code here, last of all, for schedulers that forget jobs. See buildJobScript. */
  readonly end: string;
}

/** The scheduler could not be asked, or could not answer: nothing is known to have changed. */
export interface Unreachable {
  readonly kind: 'unreachable';
  /** Its words, or those of what stood in between. */
  readonly reason: string;
}

export type Submission =
  | { readonly kind: 'accepted'; readonly jobId: string }
  /** It will not take this job, now or later. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It would, but not now: so many jobs of this user or project are in the queue. */
  | { readonly kind: 'full'; readonly reason: string }
  /** It has not taken the job, for sure. */
  | Unreachable
  /** It may have taken the job: no answer came, or none that can be read. */
  | { readonly kind: 'unclear'; readonly reason: string };

export type StatusAnswer =
  | {
      readonly kind: 'answered';
      /** Those that it knows, by job id. A job that is missing here is asked after in the next way, and stays as it was. */
      readonly jobs: ReadonlyMap<string, JobStatus>;
      /** Those of which it says that there are no such jobs: a job that it once knew has ended, and its end was not kept. */
      readonly denied?: readonly string[];
    }
  | Unreachable;

/** One way to ask for the state of jobs. */
export interface StatusQuery {
  command(jobIds: readonly string[]): SchedulerCommand;
  parse(result: CommandResult, jobIds: readonly string[]): StatusAnswer;
}

/** Jobs of this user that have not ended. Their names tell whose they are; `parse` need not filter. */
export type FoundJobs = { readonly kind: 'found'; readonly jobs: readonly FoundJob[] } | Unreachable;

export interface FoundJob {
  readonly jobId: string;
  readonly name: string;
}

export type Cancellation =
  /** Those that had ended, or never were, count as cancelled. */
  { readonly kind: 'cancelled' } | { readonly kind: 'refused'; readonly reason: string } | Unreachable;

/** May remember what it has learned of a site (that it keeps no history, say); it is made anew for each running provider. */
export interface Scheduler {
  /** 'Slurm' */
  readonly name: string;
  /** Whole text of the script. @throws RangeError when something cannot be written in one. */
  script(job: BatchJob): string;
  readonly submit: {
    command(job: BatchJob): SchedulerCommand;
    parse(result: CommandResult): Submission;
  };
  /** In order: the second is asked for those that the first does not know, and so on. At least one. */
  readonly status: readonly StatusQuery[];
  readonly find: {
    /** @param prefix of the names of the jobs that are wanted, for schedulers that can choose by it. */
    command(prefix: string): SchedulerCommand;
    parse(result: CommandResult): FoundJobs;
  };
  readonly cancel: {
    command(jobIds: readonly string[]): SchedulerCommand;
    parse(result: CommandResult): Cancellation;
  };
  /** What the scheduler itself wrote into the stderr of a job whose end it has not kept: why it killed it. */
  readLastWords?(stderr: string): Pick<JobStatus, 'state' | 'reason'> | undefined;
  /** Most job ids in one command line. Default 200. */
  readonly jobsPerCommand?: number;
}
