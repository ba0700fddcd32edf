/**
 * The seam between the block scaler and a batch scheduler. Contract suite: spec/providers/contract.ts.
 */
export type JobState = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout' | 'unknown';

export interface JobStatus {
  readonly state: JobState;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The scheduler's own words. */
  readonly reason?: string;
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

export interface ProviderContext {
  readonly runId: string;
  /** Absolute; submit scripts and the jobs' stdout and stderr go here. */
  readonly scriptDir: string;
  readonly workingDirectory: string;
  /** Called when a job's state changes and the provider learns it by itself; polling need not be waited for. */
  jobChanged(jobId: string, status: JobStatus): void;
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
  /** @throws SubmitError with the scheduler's words. */
  submit(job: JobRequest): Promise<string>;
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
  start(context: ProviderContext): RunningProvider;
}

/** Command → the command that starts it on every node of a block. Pure. */
export interface Launcher {
  readonly type: string;
  /** Most nodes that it can start on; absent: any number. A provider refuses more when it is defined. */
  readonly maxNodesPerBlock?: number;
  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string;
}
