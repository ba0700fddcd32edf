/**
 * The seam between the block scaler and a batch scheduler. Contract suite: spec/providers/contract.ts.
 */
import type { ChannelDescription } from './channel.ts';

export type JobState = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout' | 'unknown';

export interface JobStatus {
  readonly state: JobState;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The scheduler's own words. */
  readonly reason?: string;
  /** Pending, and by what the scheduler says it stays so until somebody changes its request or the site. */
  readonly neverStarts?: boolean;
  /** Files that hold what the job printed. */
  readonly stdoutPath?: string;
  readonly stderrPath?: string;
}

export const isTerminal = (state: JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'timeout';

export interface JobRequest {
  /** Shell command to run on the job's nodes, already wrapped by the launcher. */
  readonly command: string;
  /** `flotilla.<run id>.<block>`: the run tag by which a lost job is found again. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the names of all jobs of a run begin with: `flotilla.<run id>.` */
export const runTag = (runId: string): string => `flotilla.${inJobName(runId)}.`;

/** Letters, digits and `_ . -`: what a job's name and a file's name may hold everywhere. */
export const inJobName = (text: string): string => text.replace(/[^\w.-]/g, '_');

export interface ProviderContext {
  readonly runId: string;
  /** Absolute; submit scripts and the jobs' stdout and stderr go here. */
  readonly scriptDir: string;
  readonly workingDirectory: string;
  /** How long its jobs are left to a successor when this driver has died, ms. Default 0: the next start may cancel them. */
  readonly orphanGraceMs?: number | undefined;
  /** Called when a job's state changes and the provider learns it by itself; polling need not be waited for. */
  jobChanged(jobId: string, status: JobStatus): void;
  /** What people should hear of: a scheduler that does not answer, a queue that takes no more, jobs of a dead run that were cancelled. */
  log(level: 'debug' | 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Where a job's files are and where it runs. */
export type JobPlace = Pick<ProviderContext, 'scriptDir' | 'workingDirectory'>;

export interface Rehearsal {
  readonly script: { readonly path: string; readonly text: string };
  /** In the order of a block's life. JOB_ID stands for what the scheduler will call the job. */
  readonly commands: readonly { readonly purpose: string; readonly argv: readonly string[] }[];
}

/** A job that an earlier driver submitted. */
export interface AdoptedJob {
  readonly jobId: string;
  /** As in its {@link JobRequest}. */
  readonly name: string;
  readonly stdoutPath?: string | undefined;
  readonly stderrPath?: string | undefined;
}

export interface RunningProvider {
  /**
   * From now on these are its own: asked about, reported and cancelled as those that it has submitted itself. Absent: it needs no more
   * than their ids. One that has ended meanwhile is reported so.
   */
  adopt?(jobs: readonly AdoptedJob[]): void;
  /**
   * Takes as long as the queue has no room for the job; `explain` says so meanwhile.
   * @throws SubmitError with the scheduler's words.
   */
  submit(job: JobRequest): Promise<string>;
  /** Submissions that wait for room fail now, and no others are taken; those under way end as they end. */
  stopSubmitting?(): void;
  /** What keeps jobs from being submitted or asked after, if anything does: whole clauses, for people. */
  explain?(): readonly string[];
  /** One query for all of them. A job that the scheduler does not list is 'unknown', never finished. */
  status(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobStatus>>;
  /** Idempotent; pending jobs too. */
  cancel(jobIds: readonly string[]): Promise<void>;
  /** Last resort, synchronous. */
  killNow(): void;
  close(): Promise<void>;
}

/** Options that every provider has, compiled. */
export interface BlockLimits {
  readonly nodesPerBlock: number;
  readonly initBlocks: number;
  readonly minBlocks: number;
  readonly maxBlocks: number;
  readonly parallelism: number;
  readonly walltimeMs: number | undefined;
  /** Nodes times hours that all blocks of a run may take together; absent: no limit. */
  readonly maxNodeHours?: number | undefined;
}

export interface ProviderDescription {
  readonly type: string;
  readonly limits: BlockLimits;
  readonly launcher: Launcher;
  /** Status poll, ms; the floor for a scheduler's sake. */
  readonly statusPollMs: number;
  /** Whether its jobs run on the driver's own machine: managers then dial the loopback address. */
  readonly isLocal: boolean;
  /** How the machine is reached on which it submits; undefined: it is this one, or shares its disks. */
  readonly channel?: ChannelDescription | undefined;
  /** With a channel: the folder there for bundles and run directories. Relative: to the home folder there. */
  readonly scriptDir?: string | undefined;
  start(context: ProviderContext): RunningProvider;
  /** What it would write and run for this job. Pure: nothing is asked, written or started. */
  rehearse?(job: JobRequest, place: JobPlace): Rehearsal;
}

/** Command → the command that starts it on every node of a block. Pure. */
export interface Launcher {
  readonly type: string;
  /** Most nodes that it can start on; absent: any number. A provider refuses more when it is defined. */
  readonly maxNodesPerBlock?: number;
  /** Whether managers may come up on other machines than the one on which the job's script runs. Absent: they do not. */
  readonly reachesOtherNodes?: boolean;
  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string;
}
