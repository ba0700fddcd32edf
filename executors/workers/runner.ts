/**
 * What a slot runs its tasks with: one worker of one kind. The seam between SlotPool and processes, threads and commands.
 */

/** Task records that go to a worker together and come back in order. */
export interface Batch {
  readonly number: number;
  readonly count: number;
  /** Whole task records. */
  readonly records: Buffer;
}

/** How a worker ended. */
export interface WorkerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr. */
  readonly stderrTail: string;
  /** Set where there was never a worker: a program that is not there, or is no worker of ours. Trying again would not help. */
  readonly startError?: string;
  /** Set where there was no worker because the machine was short of something: another try, or another machine, may have more luck. */
  readonly shortage?: string;
  /** Result records that it left for the batch at hand, in order; those that were received are among them. */
  readonly finished: Buffer;
}

export interface RunnerEvents {
  /** Result records of the batch at hand, in the order of its tasks. */
  results(records: Buffer): void;
  /** All results of the batch at hand are in; what has none of its tasks was not started. Only after {@link Runner.takeBack} was asked. */
  endedEarly(): void;
  /** The worker is gone; the next `run` starts another. */
  lost(exit: WorkerExit): void;
}

export interface Runner {
  /** Of the process under which tasks run; undefined: there is none at present. */
  readonly pid?: number | undefined;
  /** Whether that process is part of the task, and not only starts what is. */
  readonly isTask?: boolean;
  /** Of such a process: what it had in memory before its first task, bytes; undefined: it is not ready, or cannot tell. */
  readonly ownBytes?: number | undefined;
  /** Whether `kill` ends the task that it names and nothing else: where that has ended already, the batch goes on. */
  readonly endsOnlyTask?: boolean;
  /** Hands the worker a batch; starts the worker if there is none. Never called while a batch is under way. */
  run(batch: Batch): void;
  /** Starts the worker ahead of the first batch, where that takes time. */
  warmUp?(): void;
  /** Result records of the batch at hand that the worker has written down, sent or not, in order. */
  finished?(): Buffer;
  /**
   * Has the batch at hand end behind the task that runs. @returns how many tasks, from its beginning, are still the worker's: no other was
   * started or will be. undefined: that cannot be said (yet), and the batch may end early all the same.
   */
  takeBack?(): number | undefined;
  /** Signals the running task with everything it started. Its end is reported as `results` or `lost`, when all of that is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL', task: TaskTag): void;
  /** SIGUSR1 to the running task, where it listens to that: its time is nearly over, and what it needs to go on should be saved. */
  warn?(task: TaskTag): void;
  /** Ends the worker, `running` with it; kills both after `timeoutMs`. What had finished by then is reported by `lost`. */
  close(timeoutMs: number, running?: TaskTag): Promise<void>;
  killNow(): void;
}

/** Names a task in the environment of everything it starts. */
export interface TaskTag {
  readonly taskId: number;
}

export interface FunctionSource {
  /** MessagePack of the Definition. */
  definition(fnId: number): Buffer | undefined;
}
