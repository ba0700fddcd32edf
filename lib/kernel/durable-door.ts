/**
 * What the kernel sees of durable runs. A run that neither is durable nor resumes another has none, and pays nothing for it.
 */
import type { CompiledConfig } from '../config.ts';
import type { TryOutcome } from '../executor.ts';
import type { DurableRun } from './durable-open.ts';
import type { DurableSite, DurableTasks } from './durable-tasks.ts';
import { removeStoreDirAtExit, storeDirOf } from './store-dir.ts';
import type { Task } from './task.ts';

/** What a run that is resumed gives to the one that resumes it. */
export interface Resumption {
  /** Absolute path of its run directory. */
  readonly runDir: string;
  /** Results of tasks without `cache: true`. */
  readonly results: number;
  /** Tasks that its managers go on with. */
  readonly underWay: number;
}

export class DurableDoor {
  #run: DurableRun | undefined;
  #tasks: DurableTasks | undefined;
  #runDir = '';

  /** @throws ConfigError if the run that the config resumes cannot be resumed. */
  async open(config: CompiledConfig, kernel: DurableSite): Promise<void> {
    if (config.resume === undefined && !isToBeDurable(config)) return;
    const [{ openDurableRun }, { DurableTasks }] = await Promise.all([import('./durable-open.ts'), import('./durable-tasks.ts')]);
    this.#runDir = kernel.site.runDir;
    this.#run = await openDurableRun(config, this.#runDir, isToBeDurable(config));
    if (this.#run.journal) this.#tasks = new DurableTasks(this.#run, kernel, config.memo.files);
  }

  /** Run directories of the run that is resumed and of those that it went on with, the latest first. */
  get resumed(): readonly string[] {
    return this.#run?.earlier ?? [];
  }

  /** Run directories of the drivers whose managers may still be there, the latest first. */
  get takenOver(): readonly string[] {
    return this.#run?.isTakenOver ? this.#run.earlier : [];
  }

  get lastTaskId(): number {
    return this.#run?.history.lastTaskId ?? 0;
  }

  /** Once the executors have started. */
  describe(site: DurableSite['site']): Resumption | undefined {
    const { earlier = [], history } = this.#run ?? {};
    const [runDir] = earlier;
    if (runDir === undefined || !history) return undefined;
    return { runDir, ...history.count(({ executor, taskId, tryNumber }) => site.executors.holds(executor, taskId, tryNumber)) };
  }

  /** @returns whether it sees to it that the task runs or ends. */
  takes(task: Task): boolean {
    this.#tasks?.arrive(task);
    return this.#tasks !== undefined;
  }

  launching(task: Task): boolean {
    return this.#tasks?.launching(task) ?? true;
  }

  /** What was launched is about to leave this process: it is written down now at the latest. */
  sending(): void {
    this.#run?.journal?.flush();
  }

  /** Of an earlier driver's task by its number there: the one that has taken it over, if there is one yet. */
  taskOf(taskId: number): Task | undefined {
    return this.#tasks?.taskOf(taskId);
  }

  localize(outcome: TryOutcome): TryOutcome | undefined {
    return this.#tasks ? this.#tasks.localize(outcome) : outcome;
  }

  /** The executors could not start: another driver may try to resume that run. */
  async giveBack(): Promise<void> {
    if (!this.#run) return;
    const { giveBack } = await import('./durable-open.ts');
    giveBack(this.#run, this.#runDir);
  }

  /** @param isComplete whether every task was done: then nothing is kept. */
  async close(isComplete: boolean): Promise<void> {
    if (!this.#run) return;
    const { closeDurableRun } = await import('./durable-open.ts');
    closeDurableRun(this.#run, this.#runDir, isComplete);
    for (const runDir of this.takenOver) removeStoreDirAtExit(storeDirOf(runDir));
  }

  /** Synchronous: the process is about to end. */
  closeNow(): void {
    this.#run?.journal?.close();
  }
}

const isToBeDurable = ({ orphanGraceMs, executors }: CompiledConfig): boolean =>
  orphanGraceMs !== undefined || executors.some((executor) => executor.orphanGraceMs !== undefined);
