/**
 * The vocabulary of what happens in a run: one type per fact, told on the channels of lib/kernel/channels.ts and kept in the event log.
 *
 * Data only. A message tells of what happens while it is published; times other than that are in it. docs/event-log.md explains each.
 */
import type { TaskState } from '../futures/app-future.ts';
import type { Usage } from '../wire/records.ts';

export interface ErrorSummary {
  readonly name: string;
  /** The first 1,000 characters. */
  readonly message: string;
  /** Of ours, `FLOTILLA_…`; else the error's own, if it has one. */
  readonly code?: string;
  /** Of a command, or of the worker that was lost. */
  readonly exitCode?: number;
  readonly signal?: string;
  /** The Python traceback, the end of stderr, or the first frames of the stack; at most 1,000 characters. */
  readonly detail?: string;
}

export type AppKind = 'js' | 'python' | 'bash' | 'join' | 'mpi';

export interface TaskCalled {
  readonly kind: 'taskCalled';
  readonly taskId: number;
  readonly name: string;
  readonly app: AppKind;
  /** What the call was named by its option. */
  readonly label?: string;
  /** The join whose body called it. */
  readonly parent?: number;
  /** Tasks whose futures are among its arguments and inputs, ended or not; each once. */
  readonly after?: readonly number[];
  /** Absolute paths of the files that it writes to, if they are its own. */
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface CancelRequested {
  readonly kind: 'cancelRequested';
  readonly taskId: number;
  readonly reason: string;
}

export type MemoDecision =
  /** It did not run: its result is that of a task of this run or an earlier one, the same call. `run` is NNN. */
  | { readonly kind: 'taken'; readonly run: string; readonly task: number }
  /** A driver before this one, of run `run`, had started it: it goes on. */
  | { readonly kind: 'takenOver'; readonly run: string; readonly task: number }
  /** The same call is under way: it waits for that, and is told of again then. */
  | { readonly kind: 'twin'; readonly task: number }
  /** It runs: it has no key. */
  | { readonly kind: 'withoutKey'; readonly reason: string }
  /** It runs: there is a result of the same call, which cannot be used. */
  | { readonly kind: 'unusable'; readonly reason: string }
  /**
   * It runs, though there are results. `differing`: what is not as in a result of the same arguments ('code', 'version', 'options'); where there is
   * none, what of its key is in none of its app's results (these, and 'args[1]', 'kw.n', 'inputs[0]', 'its command'); 'app' alone where the run has resumed others and these have none of an app of this name; empty where
   * each part is in some result. Of arguments only the first 32 count, and those with at most a thousand values.
   */
  | { readonly kind: 'missed'; readonly differing: readonly string[] };

/** What the memo came to for a task of an app with `cache: true`. Not told where there was no result to compare it with. */
export interface MemoDecided {
  readonly kind: 'memoDecided';
  readonly taskId: number;
  readonly decision: MemoDecision;
}

export interface TaskEnded {
  readonly kind: 'taskEnded';
  readonly taskId: number;
  readonly name: string;
  readonly state: TaskState;
  /** Where it is another one than that of the last try. */
  readonly error?: ErrorSummary;
  /** State 'dependencyFailed': the task whose failure it was, directly before this one; absent if it was a promise of the script. */
  readonly upstream?: number;
}

/** An executor was given a try; the body of a join is begun. */
export interface TryLaunched {
  readonly kind: 'tryLaunched';
  readonly taskId: number;
  readonly tryNumber: number;
  /** Label; '' for a join, which runs in the driver. */
  readonly executor: string;
}

/** It has this of its node until it ends: nobody else has the same at the same time. */
export interface TryGranted {
  readonly kind: 'tryGranted';
  readonly taskId: number;
  readonly tryNumber: number;
  readonly manager: string;
  readonly host: string;
  readonly cpus: readonly (readonly [cpu: number, share: number])[];
  /** Indices into the accelerators of the node. */
  readonly gpus: readonly (readonly [gpu: number, share: number])[];
  /** What it may use of memory at most; absent: no limit. */
  readonly memoryBytes?: number;
  /** Of the executor's own kinds: an amount, or the names that it was given. */
  readonly custom?: Readonly<Record<string, number | readonly string[]>>;
  /** Managers of the other nodes that it has as a whole. */
  readonly others?: readonly string[];
  /** Of a task on whole nodes: all of them, the one that runs it first. */
  readonly hosts?: readonly string[];
}

/** 'expired': its block came to the end of its time. */
export type TryEnd = 'done' | 'failed' | 'lost' | 'walltime' | 'cancelled' | 'unstarted' | 'expired';

export interface TryEnded {
  readonly kind: 'tryEnded';
  readonly taskId: number;
  readonly tryNumber: number;
  readonly outcome: TryEnd;
  /** '' where no worker reported. */
  readonly host: string;
  readonly worker: string;
  /** On the worker's clock, ms since the epoch; 0: it never ran, as far as is known. */
  readonly startMs: number;
  readonly durationUs: number;
  /** Of a try of more than 50 ms, as far as its worker can tell. */
  readonly usage?: Usage;
  readonly error?: ErrorSummary;
}

/** A process that runs one JavaScript or Python task at a time; threads, and what forks commands, are not told of. */
export interface WorkerStarted {
  readonly kind: 'workerStarted';
  readonly executor: string;
  /** Absent: it belongs to no manager. */
  readonly manager?: string;
  readonly host: string;
  /** `worker-3-js`, `worker-3-python`: 3 is the index of its slot. */
  readonly worker: string;
  readonly pid: number;
  /** Where it prints to: this path with `.stdout` and `.stderr` behind it. */
  readonly output: string;
}

export interface WorkerEnded extends Omit<WorkerStarted, 'kind' | 'output'> {
  readonly kind: 'workerEnded';
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface ManagerRegistered {
  readonly kind: 'managerRegistered';
  readonly executor: string;
  readonly manager: string;
  readonly host: string;
  readonly block: string;
  readonly workers: number;
}

export interface ManagerGone {
  readonly kind: 'managerLost' | 'managerLeft';
  readonly executor: string;
  readonly manager: string;
  readonly host: string;
  readonly block: string;
  readonly reason: string;
}

export interface ManagerRefused {
  readonly kind: 'managerRefused';
  readonly executor: string;
  readonly reason: string;
}

/** It fails one task after the other while the same apps work elsewhere: it is given none until it is released. */
export interface ManagerQuarantined extends Omit<ManagerGone, 'kind' | 'reason'> {
  readonly kind: 'managerQuarantined';
  /** In a row. */
  readonly failures: number;
  readonly forMs: number;
}

/** It is given tasks again, one at a time until one of them succeeds. */
export interface ManagerReleased extends Omit<ManagerGone, 'kind'> {
  readonly kind: 'managerReleased';
}

export interface BlockSubmitted {
  readonly kind: 'blockSubmitted';
  readonly executor: string;
  readonly block: string;
  readonly job: string;
}

export interface BlockSubmitFailed {
  readonly kind: 'blockSubmitFailed';
  readonly executor: string;
  readonly block: string;
  readonly reason: string;
}

export interface BlockChanged {
  readonly kind: 'blockChanged';
  readonly executor: string;
  readonly block: string;
  readonly job: string;
  /** A job's state, in the words of lib/provider.ts. */
  readonly state: string;
  readonly reason?: string;
  readonly exitCode?: number;
  readonly signal?: string;
}

export interface BlockDrained {
  readonly kind: 'blockDrained';
  readonly executor: string;
  readonly block: string;
}

/** Its tasks fail with it. */
export interface ExecutorLost {
  readonly kind: 'executorFailed';
  readonly executor: string;
  readonly reason: string;
}

/** What made the config be this one. */
export type ConfigOrigin = '--config' | 'load()' | 'FLOTILLA_CONFIG' | 'default';

/** How a run was started, as far as it matters to start another one so. */
export interface RunOrigin {
  /** The command of `flotilla`; absent: the script was started by Node itself. */
  readonly command?: 'run' | 'map' | 'perf';
  /** Where it was started: what relative paths on its command line mean. Absent: in `cwd`. */
  readonly startedIn?: string;
  /** `name`, as it was given: a packaged config or a file. Absent where load() was given a Config or its options. */
  readonly config?: { readonly from: ConfigOrigin; readonly name?: string };
  /** `--set`, in order. */
  readonly set?: readonly string[];
}

/** The first event of a log. */
export interface RunStarted extends RunOrigin {
  readonly kind: 'runStarted';
  readonly runId: string;
  readonly flotilla: string;
  readonly node: string;
  readonly host: string;
  readonly pid: number;
  readonly cwd: string;
  /** Without the interpreter: the script and its arguments. */
  readonly argv: readonly string[];
  /** Labels. */
  readonly executors: readonly string[];
  /** Absolute paths of the checkpoint files that it was told to take results from; absent: it resumes nothing. */
  readonly resumed?: readonly string[];
}

export interface KernelChanged {
  readonly kind: 'kernelChanged';
  readonly state: string;
}

/** Events are missing here: the disk was full, or too slow. */
export interface EventsLost {
  readonly kind: 'eventsLost';
  readonly count: number;
  readonly reason: string;
}

export type TaskEvent = TaskCalled | CancelRequested | MemoDecided | TaskEnded;
export type TryEvent = TryLaunched | TryGranted | TryEnded;
export type WorkerEvent = WorkerStarted | WorkerEnded;
export type ManagerEvent = ManagerRegistered | ManagerGone | ManagerRefused | ManagerQuarantined | ManagerReleased;
export type BlockEvent = BlockSubmitted | BlockSubmitFailed | BlockChanged | BlockDrained;

export type RunEvent =
  | TaskEvent
  | TryEvent
  | WorkerEvent
  | ManagerEvent
  | BlockEvent
  | ExecutorLost
  | RunStarted
  | KernelChanged
  | EventsLost;

/** An event as it is read from a log. */
export interface Logged<E extends RunEvent = RunEvent> {
  /** On the driver's clock, ms since the epoch, to the microsecond. */
  readonly atMs: number;
  readonly event: E;
}
