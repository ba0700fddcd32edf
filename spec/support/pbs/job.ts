/**
 * A job as the emulated PBS server knows it. Data only.
 */
export type JobState = 'Q' | 'R' | 'E' | 'F' | 'H' | 'W';

/** One `N:resource=value:…` of a select statement. */
export interface Chunk {
  readonly count: number;
  readonly ncpus: number;
  readonly mpiprocs: number;
  /** As written: `ncpus=1:mem=100mb`. */
  readonly resources: ReadonlyMap<string, string>;
}

export interface Placed {
  readonly node: string;
  readonly chunk: Chunk;
  /** Number of the job's task on its node, as in `n1/0`. */
  readonly index: number;
}

export interface Job {
  readonly seq: number;
  readonly id: string;
  readonly user: string;
  readonly queue: string;
  readonly script: string;
  readonly scriptArguments: readonly string[];
  readonly shell: string | undefined;
  readonly account: string | undefined;
  readonly project: string;
  readonly rerunable: boolean;
  readonly joinPath: 'n' | 'oe' | 'eo';
  readonly keepFiles: string;
  readonly mailPoints: string;
  readonly outputPath: string;
  readonly errorPath: string;
  readonly chunks: readonly Chunk[];
  readonly place: string;
  /** Resource_List, sorted by name. */
  readonly resources: ReadonlyMap<string, string>;
  readonly walltimeSeconds: number | undefined;
  readonly variables: readonly (readonly [string, string])[];
  readonly submitArguments: string;
  /** ms; what `-a` asks for. */
  readonly notBefore: number | undefined;
  readonly ctime: number;
  name: string;
  depend: string | undefined;
  state: JobState;
  substate: number;
  isHeld: boolean;
  mtime: number;
  stime: number | undefined;
  obittime: number | undefined;
  comment: string | undefined;
  placed: readonly Placed[];
  sessionId: number | undefined;
  runCount: number;
  exitStatus: number | undefined;
  /** Set when it is kept as history. */
  historyTimestamp: number | undefined;
  /** Why its processes are being ended, when somebody ends them. */
  ending: 'deleted' | 'walltime' | undefined;
}

export const isFinished = (job: Job): boolean => job.state === 'F';
export const hasProcesses = (job: Job): boolean => job.state === 'R' || job.state === 'E';
