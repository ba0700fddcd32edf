/**
 * The seam between the kernel and whatever runs tasks. Contract suite: spec/executors/contract.ts.
 */
import type { WireError } from './errors/wire-error.ts';
import type { Rehearsal } from './provider.ts';
import type { ResourceRequest } from './resources/request.ts';
import type { ResultStatus, Usage } from './wire/records.ts';

/** A function that the kernel has registered with an executor; `fnId` is unique within the kernel. */
export interface RegisteredFunction {
  readonly fnId: number;
  readonly name: string;
  /** MessagePack of a Definition. */
  readonly definition: Buffer;
}

/** One try of one task, ready to travel. */
export interface TryRequest {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fn: RegisteredFunction;
  readonly flags: number;
  /** Larger runs sooner. Integer, −32,768 … 32,767. */
  readonly priority: number;
  /** How long it may take once it has started; it is in the context too. */
  readonly walltimeMs?: number | undefined;
  /** Beyond a worker of its own. Equal requests may be one object: that is cheaper. */
  readonly resources?: ResourceRequest | undefined;
  /** MessagePack of a TaskContext; empty: all defaults. */
  readonly context: Buffer;
  /** Encoded arguments (lib/wire/value-codec.ts). */
  readonly args: Buffer;
}

export interface TryOutcome {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly status: ResultStatus;
  /** Encoded value for Ok, an encoded WireError for the failures. A view: copy it to keep it. */
  readonly body: Buffer;
  readonly host: string;
  /** Name of the worker, unique within the executor. */
  readonly worker: string;
  readonly startMs: number;
  readonly durationUs: number;
  /** Of a try that took long enough to be measured. */
  readonly usage?: Usage | undefined;
}

/** What a try was given of a node, or of several. */
export interface GrantedTry {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly manager: string;
  readonly host: string;
  readonly grant: {
    readonly cpus: readonly (readonly [cpu: number, share: number])[];
    readonly gpus: readonly (readonly [gpu: number, share: number])[];
    /** 0: no limit. */
    readonly memoryBytes: number;
    readonly custom: Readonly<Record<string, number | readonly string[]>>;
    /** Of a task on whole nodes: all. */
    readonly nodes?: readonly { readonly managerId: string; readonly host: string }[] | undefined;
  };
}

/** Where an executor reports. Calls may come many in one turn. */
export interface ExecutorEvents {
  /** Tries are about to leave this process. */
  sending(): void;
  /** Each try ends in exactly one of these, unless the executor fails as a whole. */
  tryEnded(outcome: TryOutcome): void;
  /** A try has begun to have what it asked for. Absent: nobody wants to know. */
  tryGranted?(granted: GrantedTry): void;
  /** The executor cannot go on; it has failed all that it held. */
  failed(error: Error): void;
  /** Something a person may want to read in the run's log. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>): void;
}

export interface ExecutorContext {
  readonly runId: string;
  /** Absolute path of `runinfo/NNN`. */
  readonly runDir: string;
  /** Directory in which the driver loaded its kernel. */
  readonly workingDirectory: string;
  /** Directory for values that travel by reference. */
  readonly storeDir: string;
  readonly strategy: StrategySettings;
  /** For executors that have none of their own. */
  readonly orphanGraceMs: number | undefined;
  /**
   * Run directories of drivers that died one after the other, the latest first. The executor of the same label is to take over what
   * managers they have left, if there are any. What those still do for tasks of these drivers is told as everything else; a try that is
   * submitted and that they hold is not sent again.
   */
  readonly takeOver: readonly string[];
  readonly events: ExecutorEvents;
}

/** How blocks come and go. */
export interface StrategySettings {
  readonly name: 'none' | 'simple' | 'htex-auto-scale';
  readonly periodMs: number;
  readonly maxIdleTimeMs: number;
}

export interface ExecutorStatus {
  readonly label: string;
  readonly workers: number;
  readonly queued: number;
  readonly running: number;
  /** Why nothing runs, when nothing does: "no manager has registered; block 0 is PENDING". */
  readonly waitingFor?: string;
}

/** A started executor. */
export interface RunningExecutor {
  readonly label: string;
  /** Never blocks and never throws for one task: what goes wrong is that try's outcome. */
  submit(request: TryRequest): void;
  /** Ends one try wherever it is; its outcome is Cancelled, unless it ended first. */
  cancel(taskId: number, tryNumber: number): void;
  status(): ExecutorStatus;
  /** Whether pending work should keep the process alive. */
  setActive(active: boolean): void;
  /** Completes "executor 'x' …": why it can give no task resources of its own. Absent: it can. */
  readonly refusesResources?: string;
  /** Whether it is known that no node of its will ever have what is asked for. Absent: nothing is known. */
  neverHas?(resources: ResourceRequest): boolean;
  /** Begins no task until it is told otherwise (undefined); those that run go on. */
  setPaused?(why: string | undefined): void;
  /** Whether a manager that was taken over has this try. Absent: it takes nothing over. */
  holds?(taskId: number, tryNumber: number): boolean;
  /** Where it is one task's turn; for `explain`. */
  explain(taskId: number): string;
  /** Ends everything and leaves no process. Idempotent; bounded by `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
  /** Looks after its managers no more, and leaves them to another driver. Absent: it has none that could wait. */
  abandon?(): void;
  /** Last resort, synchronous: a second Ctrl-C. */
  killNow(): void;
}

/** An executor's description: data. Starting it gives a new object, and one description can be started twice. */
/** A run that does not take place. */
export type RehearsalPlace = Pick<ExecutorContext, 'runId' | 'runDir' | 'workingDirectory'>;

export interface ExecutorDescription {
  readonly type: string;
  readonly label: string;
  /** How long its tasks go on when the driver has died, if it says so itself. */
  readonly orphanGraceMs?: number | undefined;
  start(context: ExecutorContext): Promise<RunningExecutor>;
  /** What it would write and run for a block, if it has blocks. Nothing is asked, written or started. */
  rehearse?(place: RehearsalPlace): Promise<Rehearsal | undefined>;
  /** Why its workers could not be as they are described, where they would run on this machine; undefined: nothing is known against it. */
  examine?(): Promise<string | undefined>;
}

export type { WireError };
