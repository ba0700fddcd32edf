/**
 * The DataFlowKernel: takes app calls, moves tasks through the graph, hands tries to executors and settles futures.
 *
 * The graph decides (lib/graph); the kernel holds what the graph must not know (values, errors, futures) and carries out its effects.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { AppEntry } from '../apps/app-entry.ts';
import { buildTaskContext } from '../apps/task-context.ts';
import type { CompiledConfig } from '../config.ts';
import {
  CancelledError, DependencyError, FlotillaError, NoKernelError, PoisonTaskError, WorkerLost, reviveError, tagWithTask, type TaskRef,
  unpackWireError,
} from '../errors/index.ts';
import type { ExecutorContext, TryOutcome } from '../executor.ts';
import { DataFile, isDataFile } from '../files/data-file.ts';
import type { AppFuture, TaskState } from '../futures/app-future.ts';
import { DataFuture } from '../futures/data-future.ts';
import {
  createTaskGraph, type GraphEffect, type GraphEvent, step, type TaskGraph, type TaskId, type TryResult, unfinishedDependencies,
} from '../graph/task-graph.ts';
import { ResultStatus, TaskFlag } from '../wire/records.ts';
import { decodeStored, decodeValue, isStored, pack } from '../wire/value-codec.ts';
import { asFuture, findWaitables, type Waitable } from './arguments.ts';
import { failureChannel, kernelChannel, logChannel, taskChannel } from './channels.ts';
import { setCurrentKernel, currentKernel } from './current.ts';
import { ExecutorSet } from './executor-set.ts';
import { currentJoin, runJoin } from './join.ts';
import { argumentFile, prepare, type Prepared, resolveArguments } from './prepare.ts';
import { makeRunDir } from './run-dir.ts';
import { watchProcessEnd } from './process-end.ts';
import { StoredResult, isStoredResult } from './stored-result.ts';
import { Task, type TaskOwner } from './task.ts';
import { Unobserved } from './unobserved.ts';

export interface TaskCounts {
  readonly total: number;
  /** For other tasks. */
  readonly waiting: number;
  /** At an executor, queued or running. */
  readonly launched: number;
  readonly done: number;
  /** Dependents of failed tasks among them. */
  readonly failed: number;
  readonly cancelled: number;
}

export interface CloseOptions {
  /** 'wait': for all tasks first (default); 'cleanup': cancel them; 'skip': leave everything as it is. */
  readonly mode?: 'wait' | 'cleanup' | 'skip' | undefined;
  /** With 'wait': cancel what is left after this many milliseconds. */
  readonly timeoutMs?: number | undefined;
}

const EMPTY = Buffer.alloc(0);
const EXECUTOR_CLOSE_MS = 10_000;

export class DataFlowKernel implements TaskOwner, AsyncDisposable {
  readonly runDir: string;
  readonly runId: string;
  readonly #config: CompiledConfig;
  readonly #graph: TaskGraph = createTaskGraph();
  readonly #tasks = new Map<TaskId, Task>();
  readonly #executors: ExecutorSet;
  readonly #storeDir: string;
  readonly #workingDirectory = process.cwd();
  readonly #promises = new WeakMap<object, { readonly id: TaskId; value: unknown; error: unknown; settled: boolean }>();
  readonly #argumentFiles = new Map<TaskId, string>();
  readonly #unobserved = new Unobserved();
  readonly #effects: GraphEffect[] = [];
  readonly #failedNow = new Map<TaskId, { readonly error: unknown; readonly name: string }>();
  readonly #counts = { total: 0, launched: 0, done: 0, failed: 0, cancelled: 0 };
  #applying = false;
  #nextTask = 1;
  #nextExternal = -1;
  #keepAlive: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #unwatch: () => void = () => undefined;

  private constructor(config: CompiledConfig) {
    this.#config = config;
    this.runDir = makeRunDir(config.runDir);
    this.runId = `${basename(this.runDir)}-${randomBytes(6).toString('hex')}`;
    this.#storeDir = join(this.runDir, 'store');
    mkdirSync(this.#storeDir, { mode: 0o700 });
    this.#executors = new ExecutorSet();
  }

  /**
   * Starts the config's executors.
   * @throws FlotillaError if a kernel is open already; ExecutorFailed, ProviderError and the like if an executor cannot be started.
   */
  static async start(config: CompiledConfig): Promise<DataFlowKernel> {
    const open = currentKernel();
    if (open) {
      throw new FlotillaError('FLOTILLA_KERNEL_OPEN', `a kernel is open already (${open.runDir}); close it before loading another`);
    }
    const kernel = new DataFlowKernel(config);
    setCurrentKernel(kernel);
    try {
      await kernel.#executors.start(config.executors, (label) => kernel.#executorContext(label));
    } catch (error) {
      setCurrentKernel(undefined);
      kernel.#removeStore();
      throw error;
    }
    kernel.#unwatch = watchProcessEnd(kernel);
    kernelChannel.publish({ state: 'started', runDir: kernel.runDir });
    return kernel;
  }

  #executorContext(label: string): ExecutorContext {
    const { strategy, strategyPeriodMs, maxIdleTimeMs, orphanGraceMs } = this.#config;
    return {
      runId: this.runId,
      runDir: this.runDir,
      workingDirectory: this.#workingDirectory,
      storeDir: this.#storeDir,
      strategy: { name: strategy, periodMs: strategyPeriodMs, maxIdleTimeMs },
      orphanGraceMs,
      events: {
        tryEnded: (outcome) => this.#tryEnded(outcome),
        failed: (error) => this.#executors.markFailed(label, error),
        log: (level, message, fields) => logChannel.publish({ executor: label, level, message, fields }),
      },
    };
  }

  /** Labels of the executors. */
  get executors(): readonly string[] {
    return this.#executors.labels;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  counts(): TaskCounts {
    const { total, launched, done, failed, cancelled } = this.#counts;
    return { total, launched, done, failed, cancelled, waiting: total - launched - done - failed - cancelled };
  }

  /** Failures that nobody has looked at yet. */
  unobservedFailures(): readonly { readonly taskId: number; readonly name: string; readonly error: unknown }[] {
    return this.#unobserved.list();
  }

  // --- calls

  /** @internal What an app's call does. @throws NoKernelError once the kernel is closing. */
  submit(entry: AppEntry, args: readonly unknown[]): AppFuture<unknown> {
    if (this.#closing) throw new NoKernelError(entry.options.name);
    const id = this.#nextTask++ as TaskId;
    const task = new Task(id, entry, args, this, process.cwd());
    this.#tasks.set(id, task);
    this.#counts.total++;
    const { inputs, outputs } = entry.options;
    if (outputs.length > 0) task.outputs = outputs.map((path) => new DataFuture(toDataFile(path), id, task.future));
    const waitables = findWaitables(inputs.length > 0 ? [args, inputs] : args);
    this.#joinTo(task);
    this.#stayAlive();
    this.#announce(task);
    if (waitables) this.#submitBehind(task, waitables);
    else this.#step({ kind: 'submitted', id, policy: this.#policyOf(entry), after: NO_TASKS });
    return task.future;
  }

  #joinTo(task: Task): void {
    const parent = currentJoin();
    if (!parent) return;
    parent.children ??= [];
    parent.children.push(task);
    // A join that is cancelled while its body goes on must not start anything more.
    if (!this.#tasks.has(parent.taskId)) queueMicrotask(() => task.cancel(`join ${parent.taskId} has ended`));
  }

  #policyOf({ options }: AppEntry): { retries: number; onLost: 'retry' | 'fail' } {
    return { retries: options.retries ?? this.#config.retries, onLost: options.onLost };
  }

  #submitBehind(task: Task, waitables: readonly Waitable[]): void {
    task.waitables = waitables;
    const after: TaskId[] = [];
    let rejected: Waitable | undefined;
    for (const waitable of waitables) {
      const future = asFuture(waitable);
      if (future?.isRejected) rejected ??= waitable;
      else if (!future?.done) after.push(this.#graphIdOf(waitable));
    }
    this.#step({ kind: 'submitted', id: task.taskId, policy: this.#policyOf(task.entry), after: rejected ? [this.#rejectedId(rejected)] : after });
  }

  /** The node that a task waits for: a task's own, or one that stands for a promise of somebody else's. */
  #graphIdOf(waitable: Waitable): TaskId {
    const taskId = (asFuture(waitable) as { taskId?: number } | undefined)?.taskId as TaskId | undefined;
    if (taskId !== undefined && this.#tasks.has(taskId)) return taskId;
    const known = this.#promises.get(waitable);
    if (known) return known.id;
    const id = this.#nextExternal-- as TaskId;
    const entry = { id, value: undefined as unknown, error: undefined as unknown, settled: false };
    this.#promises.set(waitable, entry);
    this.#step({ kind: 'externalAwaited', id });
    waitable.then(
      (value) => {
        entry.value = value;
        this.#externalSettled(id, undefined, true);
      },
      (error: unknown) => {
        entry.error = error;
        this.#externalSettled(id, error, false);
      },
    );
    return id;
  }

  #externalSettled(id: TaskId, error: unknown, ok: boolean): void {
    if (!ok) this.#failedNow.set(id, { error, name: '' });
    this.#step({ kind: 'externalSettled', id, ok });
  }

  /** A node that fails as soon as it is waited for: a future that was rejected before the call. */
  #rejectedId(waitable: Waitable): TaskId {
    const id = this.#nextExternal-- as TaskId;
    this.#step({ kind: 'externalAwaited', id });
    const future = asFuture(waitable);
    future?.markObserved();
    const { taskId, appName = '' } = (future ?? {}) as { taskId?: number; appName?: string };
    queueMicrotask(() => {
      this.#failedNow.set(id, { error: future?.settledValue, name: taskId === undefined ? '' : `${taskId}:${appName}` });
      this.#step({ kind: 'externalSettled', id, ok: false });
    });
    return id;
  }

  // --- the graph's effects

  /** Effects may cause events; those are carried out behind the ones at hand, so that no chain is too long for the stack. */
  #step(event: GraphEvent): void {
    const effects = step(this.#graph, event);
    if (this.#applying) {
      for (const effect of effects) this.#effects.push(effect);
      return;
    }
    this.#applying = true;
    try {
      for (const effect of effects) this.#apply(effect);
      for (let i = 0; i < this.#effects.length; i++) this.#apply(this.#effects[i] as GraphEffect);
    } finally {
      this.#effects.length = 0;
      this.#applying = false;
      if (this.#failedNow.size > 0) this.#failedNow.clear();
    }
  }

  #apply(effect: GraphEffect): void {
    const task = this.#tasks.get(effect.id);
    if (!task) return;
    switch (effect.kind) {
      case 'launch':
        return this.#launch(task, effect.tryNumber, effect.reason);
      case 'cancelTry':
        return this.#cancelTry(task, effect.tryNumber);
      case 'succeeded':
        return this.#succeed(task);
      case 'failed':
        return this.#fail(task, effect.why);
      case 'dependencyFailed':
        return this.#failDependency(task, effect.upstream);
    }
  }

  #launch(task: Task, tryNumber: number, reason: 'ready' | 'failed' | 'lost' | 'unstarted'): void {
    if (reason === 'failed' || reason === 'lost') {
      task.closeTry(reason === 'lost' ? 'lost' : outcomeOfError(task), task.latestError);
    }
    task.tryNumber = tryNumber;
    if (task.state === 'pending') this.#counts.launched++;
    task.state = task.entry.kind === 'join' ? 'joining' : 'launched';
    this.#announce(task);
    if (task.entry.kind === 'join') {
      void this.#join(task, task.entry.body as JoinBody);
      return;
    }
    if (task.encoded) return this.#send(task, { args: task.encoded, refs: undefined });
    this.#prepareAndSend(task);
  }

  #prepareAndSend(task: Task): void {
    try {
      const prepared = prepare(task, { storeDir: this.#storeDir, promiseValues: this.#promises });
      if (!(prepared instanceof Promise)) return this.#send(task, prepared);
      const { tryNumber } = task;
      prepared.then(
        (ready) => {
          if (this.#isCurrent(task, tryNumber)) this.#send(task, ready);
        },
        (error: unknown) => this.#failHere(task, tryNumber, error),
      );
    } catch (error) {
      this.#failHere(task, task.tryNumber, error);
    }
  }

  /** What failed in the driver fails again: no retry. */
  #failHere(task: Task, tryNumber: number, error: unknown): void {
    if (!this.#isCurrent(task, tryNumber)) return;
    task.latestError = error instanceof Error ? tagWithTask(error, codeOf(error), this.#refOf(task)) : error;
    this.#step({ kind: 'tryEnded', id: task.taskId, tryNumber, result: { kind: 'failed', cost: Number.POSITIVE_INFINITY } });
  }

  #isCurrent(task: Task, tryNumber: number): boolean {
    return this.#tasks.get(task.taskId) === task && task.tryNumber === tryNumber;
  }

  #send(task: Task, prepared: Prepared): void {
    const { entry, taskId, tryNumber } = task;
    if (entry.kind === 'join') return;
    const refs = prepared.refs ?? task.refs;
    task.refs = refs;
    task.encoded = prepared.args;
    const file = argumentFile(refs);
    if (file !== undefined) this.#argumentFiles.set(taskId, file);
    const { options, fn } = entry;
    const context = buildTaskContext(options, {
      driverCwd: task.driverCwd,
      kernelCwd: this.#workingDirectory,
      runDir: this.runDir,
      taskId,
      tryNumber,
      name: options.name,
      outputs: task.outputs.length === 0 ? NO_PATHS : task.outputs.map(({ path }) => path),
    });
    const packed = context || refs ? pack(refs ? { ...context, refs } : context) : EMPTY;
    const flags = options.walltimeMs !== undefined || options.onLost === 'fail' ? TaskFlag.Solo : 0;
    try {
      const executor = this.#executors.choose(options.executors, options.name);
      task.executor = executor.label;
      executor.submit({ taskId, tryNumber, fn, flags, priority: options.priority, context: packed, args: prepared.args });
    } catch (error) {
      this.#failHere(task, tryNumber, error);
    }
  }

  async #join(task: Task, body: JoinBody): Promise<void> {
    const { tryNumber } = task;
    try {
      const args = await this.#joinArguments(task);
      task.latestValue = await runJoin(task, body, args);
      this.#step({ kind: 'tryEnded', id: task.taskId, tryNumber, result: { kind: 'ok' } });
    } catch (error) {
      if (!this.#isCurrent(task, tryNumber)) return;
      task.latestError = error instanceof Error ? tagWithTask(error, codeOf(error), this.#refOf(task)) : error;
      const cost = error instanceof TypeError ? Number.POSITIVE_INFINITY : this.#costOf(task, error);
      this.#step({ kind: 'tryEnded', id: task.taskId, tryNumber, result: { kind: 'failed', cost } });
    }
  }

  async #joinArguments(task: Task): Promise<readonly unknown[]> {
    if (!task.waitables) return task.args;
    const stored = task.waitables.map((waitable) => asFuture(waitable)?.settledValue).filter(isStoredResult);
    const fetched = new Map(await Promise.all(stored.map(async (result) => [result, await result.fetch()] as const)));
    return resolveArguments(task, { storeDir: this.#storeDir, promiseValues: this.#promises }, fetched, []);
  }

  // --- outcomes

  #tryEnded(outcome: TryOutcome): void {
    const task = this.#tasks.get(outcome.taskId as TaskId);
    if (!task || task.tryNumber !== outcome.tryNumber) return;
    this.#executors.noteEnded(task.executor);
    task.noteOutcome(outcome);
    this.#step({ kind: 'tryEnded', id: task.taskId, tryNumber: outcome.tryNumber, result: this.#readOutcome(task, outcome) });
  }

  #readOutcome(task: Task, outcome: TryOutcome): TryResult {
    switch (outcome.status) {
      case ResultStatus.Ok:
        return this.#readValue(task, outcome);
      case ResultStatus.Unstarted:
        return { kind: 'unstarted' };
      case ResultStatus.Cancelled:
        return { kind: 'cancelled' };
      default:
        return this.#readFailure(task, outcome);
    }
  }

  #readValue(task: Task, { body }: TryOutcome): TryResult {
    try {
      const madeBy = task.entry.kind === 'python' ? 'python' : 'js';
      task.latestValue = isStored(body) ? new StoredResult(decodeStored(body), madeBy) : decodeValue(body);
      return { kind: 'ok' };
    } catch (cause) {
      task.latestError = new Error(`task ${task.taskId} (${task.appName}) ended, but its result cannot be read: ${String(cause)}`, { cause });
      return { kind: 'failed', cost: Number.POSITIVE_INFINITY };
    }
  }

  #readFailure(task: Task, outcome: TryOutcome): TryResult {
    const wire = unpackWireError(outcome.body);
    const error = reviveError(wire, this.#refOf(task, outcome));
    task.latestError = error;
    if (outcome.status === ResultStatus.Lost) {
      task.losses ??= [];
      task.losses.push(error);
      return { kind: 'lost' };
    }
    // What cannot be loaded or cannot travel fails the same way everywhere.
    const isHopeless = wire.kind === 'definition' || wire.kind === 'serialization';
    return { kind: 'failed', cost: isHopeless ? Number.POSITIVE_INFINITY : this.#costOf(task, error) };
  }

  #costOf(task: Task, error: unknown): number {
    const { retryHandler } = this.#config;
    if (!retryHandler) return 1;
    try {
      const cost = retryHandler(error, { taskId: task.taskId, name: task.appName, tryNumber: task.tryNumber });
      if (typeof cost === 'number' && cost >= 0) return cost;
      throw new TypeError(`retryHandler returned ${String(cost)} for task ${task.taskId} (${task.appName}); it returns the cost of the failure, a number of at least 0`);
    } catch (ownError) {
      task.latestError = ownError;
      return Number.POSITIVE_INFINITY;
    }
  }

  #refOf(task: Task, outcome?: TryOutcome): TaskRef {
    return { id: task.taskId, app: task.appName, try: task.tryNumber, host: outcome?.host ?? '', worker: outcome?.worker ?? '' };
  }

  #succeed(task: Task): void {
    const value = task.latestValue;
    this.#end(task, 'done');
    if (isStoredResult(value)) task.future.fulfillLater(value);
    else task.future.fulfill(value);
  }

  #fail(task: Task, why: 'failed' | 'lost' | 'cancelled'): void {
    const name = { id: task.taskId, app: task.appName };
    let error = task.latestError;
    if (why === 'cancelled') {
      error = tagWithTask(new CancelledError({ reason: task.cancelReason }, { task: name }), 'FLOTILLA_CANCELLED_ERROR', this.#refOf(task));
    } else if (why === 'lost' && task.losses && task.losses.length > 1) {
      error = tagWithTask(poison(task, name), 'FLOTILLA_POISON_TASK_ERROR', this.#refOf(task));
    }
    if (task.state !== 'pending') task.finalTry(why === 'failed' ? outcomeOfError(task) : why, error);
    this.#endFailed(task, why === 'cancelled' ? 'cancelled' : 'failed', error);
  }

  #failDependency(task: Task, upstream: TaskId): void {
    const cause = this.#failedNow.get(upstream);
    const error = new DependencyError({
      task: { id: task.taskId, app: task.appName },
      upstream: cause?.error,
      upstreamTask: cause ? upstreamName(upstream, cause.name) : undefined,
    });
    this.#endFailed(task, 'dependencyFailed', error);
  }

  #endFailed(task: Task, state: TaskState, error: unknown): void {
    this.#failedNow.set(task.taskId, { error, name: task.appName });
    // Whoever waits for it here tells of it in turn.
    for (const waitable of task.waitables ?? []) if (asFuture(waitable)?.isRejected) asFuture(waitable)?.markObserved();
    this.#end(task, state);
    task.future.fail(error);
    this.#unobserved.add(task.taskId, task.appName, task.future);
    if (failureChannel.hasSubscribers) {
      failureChannel.publish({ taskId: task.taskId, name: task.appName, error, stderr: task.stderr });
    }
  }

  #end(task: Task, state: TaskState): void {
    if (task.state !== 'pending') this.#counts.launched--;
    task.state = state;
    this.#counts[state === 'done' ? 'done' : state === 'cancelled' ? 'cancelled' : 'failed']++;
    this.#tasks.delete(task.taskId);
    this.#removeArguments(task.taskId);
    task.drop();
    this.#announce(task);
    if (this.#tasks.size === 0) this.#rest();
  }

  #removeArguments(id: TaskId): void {
    if (this.#argumentFiles.size === 0) return;
    const file = this.#argumentFiles.get(id);
    if (file === undefined) return;
    this.#argumentFiles.delete(id);
    rmSync(file, { force: true });
  }

  #announce(task: Task): void {
    if (taskChannel.hasSubscribers) taskChannel.publish({ taskId: task.taskId, name: task.appName, state: task.state });
  }

  // --- cancelling

  /** @internal */
  cancelTask(task: Task, reason: string | undefined): void {
    if (this.#tasks.get(task.taskId) !== task || task.cancelReason !== undefined) return;
    task.cancelReason = reason ?? '';
    this.#step({ kind: 'cancelRequested', id: task.taskId });
  }

  #cancelTry(task: Task, tryNumber: number): void {
    if (task.entry.kind === 'join') {
      for (const child of task.children ?? []) child.cancel(task.cancelReason === '' ? `join ${task.taskId} was cancelled` : task.cancelReason);
      return this.#step({ kind: 'tryEnded', id: task.taskId, tryNumber, result: { kind: 'cancelled' } });
    }
    // Its arguments are still being prepared: no executor has it yet.
    if (!task.encoded) this.#step({ kind: 'tryEnded', id: task.taskId, tryNumber, result: { kind: 'cancelled' } });
    else this.#executors.cancel(task.executor, task.taskId, tryNumber);
  }

  // --- waiting and closing

  #stayAlive(): void {
    if (this.#keepAlive) return;
    this.#keepAlive = setInterval(() => undefined, 2 ** 30);
    this.#executors.setActive(true);
  }

  /** Nothing to do: whatever else the process has to do decides how long it lives. */
  #rest(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#executors.setActive(false);
  }

  /** Resolves when every task called so far has ended, however it ended. */
  async waitForCurrentTasks(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(({ future }) => new Promise<void>((resolve) => future.onSettled(resolve))));
  }

  /** What a task waits for, or what became of it, in words. */
  explain(taskId: number): string {
    const task = this.#tasks.get(taskId as TaskId);
    if (!task) return taskId >= 1 && taskId < this.#nextTask ? `task ${taskId} has ended` : `there is no task ${taskId} in this run`;
    const what = `task ${taskId} (${task.appName})`;
    if (task.state === 'pending') return `${what} waits for ${this.#describeDependencies(task)}`;
    if (task.state === 'joining') return `${what} is a join; it waits for ${describeTasks((task.children ?? []).filter(({ future }) => !future.done))}`;
    return `${what}, try ${task.tryNumber}: ${this.#executors.explain(task.executor, taskId)}`;
  }

  #describeDependencies(task: Task): string {
    const open = (task.waitables ?? []).map(asFuture).filter((future) => !future?.done);
    const tasks = open.map((future) => this.#tasks.get((future as { taskId?: number } | undefined)?.taskId as TaskId)).filter((found) => found !== undefined);
    const others = open.length - tasks.length;
    const count = unfinishedDependencies(this.#graph, task.taskId) ?? 0;
    return `${count} unfinished: ${[describeTasks(tasks), others > 0 ? `${others} promise(s)` : ''].filter((text) => text !== '').join(' and ')}`;
  }

  /** Cancels whatever has not ended. */
  cancelAll(reason: string): void {
    for (const task of [...this.#tasks.values()]) this.cancelTask(task, reason);
  }

  /**
   * Waits for the tasks (or cancels them), ends the executors and leaves nothing behind. Idempotent.
   * What nobody looked at is listed on stderr.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const mode = options.mode ?? 'wait';
    if (mode === 'skip') return;
    if (mode === 'cleanup') this.cancelAll('the kernel was closed');
    this.#closing ??= this.#close(options);
    await this.#closing;
  }

  async #close({ timeoutMs }: CloseOptions): Promise<void> {
    await this.#drain(timeoutMs);
    kernelChannel.publish({ state: 'closing', runDir: this.runDir });
    await this.#executors.close(EXECUTOR_CLOSE_MS);
    this.#unwatch();
    this.#rest();
    if (currentKernel() === this) setCurrentKernel(undefined);
    this.#unobserved.report();
    process.once('exit', () => this.#removeStore());
    kernelChannel.publish({ state: 'closed', runDir: this.runDir });
  }

  /** Until no task is left. Tasks may call others (joins), hence the loop. */
  async #drain(timeoutMs: number | undefined): Promise<void> {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.cancelAll(`the kernel was closed and ${timeoutMs / 1000} s had passed`), timeoutMs);
    const notice = setTimeout(() => this.#tellWaiting(), 2000);
    while (this.#tasks.size > 0) await this.waitForCurrentTasks();
    clearTimeout(timer);
    clearTimeout(notice);
  }

  #tellWaiting(): void {
    kernelChannel.publish({ state: 'waiting', runDir: this.runDir });
    const some = [...this.#tasks.values()].slice(0, 3).map(({ taskId }) => this.explain(taskId));
    process.stderr.write(`flotilla: waiting for ${this.#tasks.size} task(s) before closing; Ctrl-C cancels them. ${some.join('; ')}\n`);
  }

  /** @internal Ends every process at once, without waiting: the driver is about to end. */
  killNow(): void {
    this.#executors.killNow();
    this.#removeStore();
  }

  #removeStore(): void {
    rmSync(this.#storeDir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ mode: this.#config.exitMode });
  }
}

type JoinBody = (...args: readonly unknown[]) => unknown;

const NO_TASKS: readonly TaskId[] = [];
const NO_PATHS: readonly string[] = [];

const toDataFile = (path: string | DataFile): DataFile => (isDataFile(path) ? path : new DataFile(path));

const codeOf = (error: Error): string => (FlotillaError.is(error) ? error.code : 'FLOTILLA_APP_ERROR');

const outcomeOfError = ({ latestError }: Task): 'failed' | 'walltime' =>
  latestError instanceof Error && latestError.name === 'WalltimeError' ? 'walltime' : 'failed';

const describeTasks = (tasks: readonly Task[]): string => {
  const named = tasks.slice(0, 5).map(({ taskId, appName, state }) => `task ${taskId} (${appName}, ${state})`);
  return [...named, ...(tasks.length > 5 ? [`${tasks.length - 5} more`] : [])].join(', ');
};

function poison(task: Task, name: { id: number; app: string }): PoisonTaskError {
  const losses = task.losses ?? [];
  const last = losses.at(-1);
  const fields = last instanceof WorkerLost
    ? { host: last.host, worker: last.worker, exitCode: last.exitCode ?? null, signal: last.signal ?? null, stderrTail: last.stderrTail ?? '' }
    : { host: '', worker: '' };
  return new PoisonTaskError({ ...fields, losses }, { task: name });
}

/** Negative ids stand for what was rejected before the call ("7:simulate") or for a promise of somebody else's (""). */
function upstreamName(id: TaskId, name: string): { id: number; app: string } | undefined {
  if (id > 0) return { id, app: name };
  if (name === '') return undefined;
  const colon = name.indexOf(':');
  return { id: Number(name.slice(0, colon)), app: name.slice(colon + 1) };
}

