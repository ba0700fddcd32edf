/**
 * The DataFlowKernel: takes app calls, carries out what the task graph decides, and settles futures.
 *
 * The graph (lib/graph) decides; the kernel holds what the graph must not know: values, errors, futures, executors.
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { AppEntry } from '../apps/app-entry.ts';
import type { CompiledConfig } from '../config.ts';
import type { RunOrigin } from '../events/events.ts';
import { KernelOpenError, NoKernelError } from '../errors/index.ts';
import type { TryOutcome } from '../executor.ts';
import type { AppFuture } from '../futures/app-future.ts';
import { DataFuture } from '../futures/data-future.ts';
import { toDataFile } from '../files/file.ts';
import type { GraphEffect, TaskId } from '../graph/task-graph.ts';
import { currentGroup } from '../groups/task-group.ts';
import { isRefused } from './admission.ts';
import { announceCancelRequested, announceGranted } from './announce.ts';
import { findWaitablesSafely, snapshot } from './arguments.ts';
import { kernelChannel } from './channels.ts';
import { type CloseOptions, compileCloseOptions } from './close-options.ts';
import type { TaskCounts } from './counts.ts';
import { currentKernel, setCurrentKernel } from './current.ts';
import { nodesOf } from './dependencies.ts';
import { drain } from './drain.ts';
import { DurableDoor, type Resumption } from './durable-door.ts';
import { EffectLoop } from './effect-loop.ts';
import { executorContext } from './executor-context.ts';
import { ExecutorSet } from './executor-set.ts';
import { explainEnded, explainTask } from './explain.ts';
import { Externals } from './externals.ts';
import { cancelledError } from './final-error.ts';
import { currentJoin } from './join.ts';
import { launch, type LaunchSite } from './launch.ts';
import { MemoDoor } from './memo-door.ts';
import { failureOutcome, lossOutcome } from './outcome.ts';
import { noticeStall, noticeWaiting } from './waiting-notice.ts';
import { watchProcessEnd } from './process-end.ts';
import { makeRunDir, removeRunDir } from './run-dir.ts';
import { startRecords } from './run-records.ts';
import { makeStoreDir, removeStoreDir, removeStoreDirAtExit, storeDirOf } from './store-dir.ts';
import { Task, type TaskOwner } from './task.ts';
import { TaskPolicies } from './task-policy.ts';
import { TaskEnds } from './task-ends.ts';
import { TaskTable } from './task-table.ts';
import { TryEnds } from './try-ends.ts';

const NO_TASKS: readonly TaskId[] = [];
const EXECUTOR_CLOSE_MS = 10_000;

export class DataFlowKernel implements TaskOwner, AsyncDisposable {
  /** Absolute path of `runinfo/NNN`. */
  readonly runDir: string;
  /** Unique: names this run to workers and schedulers. */
  readonly runId: string;
  /** @internal Where workers start. */
  readonly workingDirectory = process.cwd();
  readonly #config: CompiledConfig;
  readonly #graph = new EffectLoop((effect) => this.#apply(effect));
  readonly #tasks = new TaskTable(
    (active) => this.#executors.setActive(active),
    () => void (this.#closing ?? noticeStall(this.#tasks.all(), (taskId) => this.explain(taskId))),
  );
  readonly #find = (taskId: number): Task | undefined => this.#tasks.get(taskId);
  readonly #executors = new ExecutorSet();
  readonly #externals: Externals;
  readonly #tryEnds: TryEnds;
  readonly #taskEnds: TaskEnds;
  readonly #site: LaunchSite;
  readonly #policies: TaskPolicies;
  /** @internal */
  readonly memo = new MemoDoor();
  readonly #durable = new DurableDoor();
  #nextTask = 1;
  #closing: Promise<void> | undefined;
  #unwatch: () => void = () => undefined;
  #stopRecords: () => Promise<void> = async () => undefined;

  private constructor(config: CompiledConfig) {
    this.#config = config;
    this.#policies = new TaskPolicies(config.retries);
    this.runDir = makeRunDir(config.runDir);
    this.runId = `${basename(this.runDir)}-${randomBytes(6).toString('hex')}`;
    this.#externals = new Externals(
      (event) => this.#graph.step(event),
      (id, failure) => this.#graph.noteFailure(id, failure),
    );
    this.#tryEnds = this.#createTryEnds();
    this.#taskEnds = new TaskEnds({ graph: this.#graph, tasks: this.#tasks, externals: this.#externals });
    this.#site = this.#createSite();
  }

  #createTryEnds(): TryEnds {
    return new TryEnds({
      graph: this.#graph,
      tasks: this.#tasks,
      executors: this.#executors,
      retryHandler: this.#config.retryHandler,
      stores: () => [this.#site.storeDir, ...this.#durable.takenOver.map(storeDirOf)],
      localize: (outcome) => this.#durable.localize(outcome),
    });
  }

  #createSite(): LaunchSite {
    return {
      runDir: this.runDir,
      storeDir: makeStoreDir(this.runDir),
      workingDirectory: this.workingDirectory,
      executors: this.#executors,
      promiseValues: this.#externals.values,
      launching: (task) => this.#durable.launching(task),
      isCurrent: (task, tryNumber) => this.#tasks.isCurrent(task, tryNumber),
      failedHere: (task, tryNumber, error) => this.#tryEnds.failedHere(task, tryNumber, error),
      joinEnded: (task, tryNumber, result) => this.#tryEnds.joinEnded(task, tryNumber, result),
    };
  }

  /**
   * Starts the config's executors.
   * @param origin kept in the event log.
   * @throws KernelOpenError if one is open already; ExecutorFailed, ProviderError and the like if an executor cannot be started.
   */
  static async start(config: CompiledConfig, origin: RunOrigin = {}): Promise<DataFlowKernel> {
    const open = currentKernel();
    if (open) throw new KernelOpenError(open.runDir);
    const kernel = new DataFlowKernel(config);
    setCurrentKernel(kernel);
    const { runDir, runId } = kernel;
    if (config.initializeLogging) kernel.#stopRecords = startRecords({ runDir, runId, config, origin });
    try {
      await kernel.#openDurable();
      // It is read while the executors start.
      const memo = kernel.memo.open(config, kernel.#site, (task) => kernel.#begin(task), kernel.#durable.resumed);
      memo.catch(() => undefined);
      await kernel.#executors.start(config.executors, (label) =>
        executorContext({
          label,
          config,
          runId,
          site: kernel.#site,
          durable: kernel.#durable,
          tryEnded: (outcome) => kernel.#tryEnds.reported(outcome),
          tryGranted: (granted) => announceGranted(kernel.#durable.taskOf(granted.taskId) ?? kernel.#find(granted.taskId), granted),
          failed: (error) => kernel.#tryEnds.executorFailed(label, error),
        }),
      );
      await memo;
    } catch (error) {
      await kernel.#executors.giveUp(EXECUTOR_CLOSE_MS, kernel.#durable.takenOver.length > 0);
      setCurrentKernel(undefined);
      await kernel.#durable.giveBack();
      await kernel.#stopRecords();
      removeStoreDir(kernel.#site.storeDir);
      if (!kernel.#executors.hasBegun) removeRunDir(runDir); // It was refused: a run that never was.
      throw error;
    }
    kernel.#nextTask = kernel.#durable.lastTaskId + 1;
    kernel.#unwatch = watchProcessEnd(kernel);
    kernelChannel.publish({ state: 'started', runDir: kernel.runDir });
    return kernel;
  }

  async #openDurable(): Promise<void> {
    const reported = (outcome: TryOutcome): void => this.#tryEnds.reported(outcome);
    await this.#durable.open(this.#config, { site: this.#site, reported, run: (task) => this.#start(task, task.tryNumber) });
  }

  /** What the run that this one resumes gives to it; undefined: it resumes none. */
  get resumption(): Resumption | undefined {
    return this.#durable.describe(this.#site);
  }

  /**
   * Writes the results of apps with `cache: true` that are not written yet to the run's checkpoint: with `checkpoint: 'manual'` the only way.
   * @returns the path of the file, which is safe on disk then. @throws ConfigError with `checkpoint: 'off'` or `appCache: false`.
   */
  async checkpoint(): Promise<string> {
    return await this.memo.checkpoint();
  }

  /** Labels of the executors. */
  get executors(): readonly string[] {
    return this.#executors.labels;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  counts(): TaskCounts {
    return this.#tasks.counts.snapshot(this.#executors.busyWorkers);
  }

  /** Failures that nobody has looked at yet. */
  unobservedFailures(): readonly { readonly taskId: number; readonly name: string; readonly error: unknown }[] {
    return this.#tasks.unobserved.list();
  }

  /** What a task waits for and since when, or what became of it. */
  explain(taskId: number): string {
    const task = this.#tasks.get(taskId);
    const memo = this.memo.explain(taskId);
    if (task) return explainTask(task, this.#find, this.#executors, memo);
    return explainEnded(taskId, this.#nextTask, memo);
  }

  // --- calls

  /** @internal What calling an app does. @throws NoKernelError once the kernel is closing. */
  submit(entry: AppEntry, args: readonly unknown[]): AppFuture<unknown> {
    const parent = currentJoin();
    if (this.#closing && !parent) throw new NoKernelError(entry.options.name);
    const id = this.#nextTask++ as TaskId;
    const task = new Task(id, entry, args, this, process.cwd(), parent?.taskId);
    const { inputs, outputs } = entry.options;
    if (outputs.length > 0) task.outputs = outputs.map((path) => new DataFuture(toDataFile(path), id, task.future));
    if (parent) this.#adopt(parent, task);
    // Before anybody counts on it: reading arguments may throw (a getter), and launching it will say so again.
    task.waitables = findWaitablesSafely(inputs.length > 0 ? [args, inputs] : args);
    this.#tasks.add(task);
    if (isRefused(task, entry.options.group ?? currentGroup(), this.#find)) {
      this.#tasks.fail(task, 'cancelled', cancelledError(task));
      return task.future;
    }
    const after = task.waitables ? nodesOf(task.waitables, this.#externals, this.#find) : NO_TASKS;
    if (after.length > 0) task.args = snapshot(args);
    this.#graph.step({ kind: 'submitted', id, policy: this.#policies.of(entry.options), after });
    return task.future;
  }

  /** What a join's body calls is cancelled with it; a join that was cancelled while its body went on starts nothing more. */
  #adopt(parent: Task, task: Task): void {
    parent.adopt(task);
    if (!this.#tasks.has(parent.taskId)) queueMicrotask(() => task.cancel(`join ${parent.taskId} has ended`));
  }

  // --- the graph's effects

  #apply(effect: GraphEffect): void {
    const task = this.#tasks.get(effect.id);
    if (!task) return;
    switch (effect.kind) {
      case 'launch':
        return this.#launch(task, effect.tryNumber, effect.reason);
      case 'cancelTry':
        return this.#cancelTry(task);
      default:
        return this.#taskEnds.end(task, effect);
    }
  }

  #launch(task: Task, tryNumber: number, reason: 'ready' | 'failed' | 'lost' | 'unstarted'): void {
    if (reason === 'failed' || reason === 'lost')
      task.closeTry(reason === 'lost' ? lossOutcome(task) : failureOutcome(task), task.latestError);
    if (reason !== 'ready') this.#start(task, tryNumber);
    else if (!this.memo.takes(task)) this.#begin(task);
  }

  #begin(task: Task): void {
    if (!this.#durable.takes(task)) this.#start(task, task.tryNumber);
  }

  #start(task: Task, tryNumber: number): void {
    this.#tasks.launched(task, tryNumber);
    launch(task, this.#site);
  }

  // --- cancelling

  /** @internal */
  cancelTask(task: Task, reason: string | undefined, cause?: unknown): void {
    if (this.#tasks.get(task.taskId) !== task || task.cancelReason !== undefined) return;
    task.noteCancelled(reason ?? '', cause);
    announceCancelRequested(task);
    this.#graph.step({ kind: 'cancelRequested', id: task.taskId });
  }

  #cancelTry(task: Task): void {
    const isHere = task.entry.kind === 'join' || !task.encoded;
    for (const child of task.children ?? [])
      child.cancel(task.cancelReason === '' ? `join ${task.taskId} was cancelled` : task.cancelReason);
    if (isHere) this.#tryEnds.end(task, { kind: 'cancelled' });
    else this.#executors.cancel(task.executor, task.sentId, task.sentTry);
  }

  /** Cancels whatever has not ended. */
  cancelAll(reason: string): void {
    for (const task of this.#tasks.all()) this.cancelTask(task, reason);
  }

  // --- waiting and closing

  /** Resolves when every task called so far has ended, however it ended. */
  async waitForCurrentTasks(): Promise<void> {
    await this.#tasks.waitForAll();
  }

  /**
   * Waits for the tasks (or cancels them), ends the executors and leaves nothing behind. Idempotent.
   * What nobody looked at is listed on stderr.
   * @throws InvalidOptionError
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const { mode, timeoutMs } = compileCloseOptions(options);
    if (mode === 'skip') return;
    if (mode === 'cleanup') this.cancelAll('the kernel was closed');
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    await drain(
      {
        remaining: () => this.#tasks.size,
        waitForCurrentTasks: () => this.waitForCurrentTasks(),
        cancelAll: (reason) => this.cancelAll(reason),
        tellWaiting: () => noticeWaiting(this.runDir, this.#tasks.all(), (taskId) => this.explain(taskId)),
      },
      timeoutMs,
    );
    kernelChannel.publish({ state: 'closing', runDir: this.runDir });
    this.#tasks.rest(); // Until they are closed, executors say what keeps the process.
    await this.#executors.close(EXECUTOR_CLOSE_MS);
    this.memo.close();
    await this.#durable.close(this.#tasks.counts.areAllDone);
    this.#unwatch();
    this.#tasks.rest();
    if (currentKernel() === this) setCurrentKernel(undefined);
    this.#tasks.unobserved.report();
    // Results that lie in files can be fetched until the process ends.
    removeStoreDirAtExit(this.#site.storeDir);
    kernelChannel.publish({ state: 'closed', runDir: this.runDir });
    await this.#stopRecords();
  }

  /** @internal Ends every process at once, without waiting: the driver is about to end. */
  killNow(isWell = false): void {
    this.#executors.killNow();
    if (isWell && this.#tasks.size === 0) kernelChannel.publish({ state: 'closed', runDir: this.runDir });
    this.memo.close();
    this.#durable.closeNow();
    removeStoreDir(this.#site.storeDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ mode: this.#config.exitMode });
  }
}
