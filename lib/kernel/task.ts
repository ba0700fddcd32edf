/**
 * The driver's record of one task, from its call until it ends. The future shows it to the user; the kernel moves it along.
 */
import type { AppEntry } from '../apps/app-entry.ts';
import { autoOutputPath } from '../apps/task-context.ts';
import type { TryOutcome } from '../executor.ts';
import { AppFuture, type TaskState, type TaskView, type TryRecord } from '../futures/app-future.ts';
import type { DataFuture } from '../futures/data-future.ts';
import type { TaskId } from '../graph/task-graph.ts';
import type { Refusal, TaskGroup } from '../groups/task-group.ts';
import { type RequestsPerTry, requestOf } from '../resources/compile-resources.ts';
import type { ResourceRequest } from '../resources/request.ts';
import type { ArgumentRef } from '../task-spec.ts';
import { resolve as resolvePath } from 'node:path';
import { ElementView } from './element.ts';
import type { Prepared } from './prepare.ts';
import type { Waitable } from './arguments.ts';

/** What a task asks of the kernel. */
export interface TaskOwner {
  readonly runDir: string;
  cancelTask(task: Task, reason: string | undefined, cause?: unknown): void;
}

const NO_OUTPUTS: readonly DataFuture[] = [];

export class Task implements TaskView {
  readonly taskId: TaskId;
  readonly entry: AppEntry;
  readonly future: AppFuture<unknown>;
  /** The join whose body called it. */
  readonly parentId: number | undefined;
  readonly #owner: TaskOwner;
  /** Directory of the driver at the call: what relative paths mean. */
  readonly driverCwd: string;
  state: TaskState = 'pending';
  /** Dropped once encoded, or when the task has ended. */
  args: readonly unknown[];
  /** Awaited beside the arguments: the `inputs` option. */
  outputs: readonly DataFuture[] = NO_OUTPUTS;
  /** The bytes of the try under way; another try sends them again. */
  encoded: Buffer | undefined;
  /** Made before its first try, because its memo key depends on it: the command of a bash app. */
  prepared: Prepared | undefined;
  /** What its option `resources` comes to, made before its first try. */
  requests: RequestsPerTry | undefined;
  /** Tries that failed by themselves: what is asked for per try goes by these. */
  failedTries = 0;
  /** What an earlier driver of the run called it, if that had it: executors know it by these numbers. */
  sentBefore: { readonly taskId: number; readonly tries: number; readonly executor: string } | undefined;
  /** Its result is one that there was already: it has no tries. */
  isMemoized = false;
  /** What of its arguments lies in a store. */
  refs: readonly ArgumentRef[] | undefined;
  /** Label of the executor that has the try. */
  executor = '';
  tryNumber = 1;
  /** When it came into its present state, ms since the epoch. */
  sinceMs = Date.now();
  cancelReason: string | undefined;
  /** The error that is the reason, if one is. */
  cancelCause: unknown;
  group: TaskGroup | undefined;
  /** Groups that it had to wait for when it was called, itself or by what it depends on. */
  behind: ReadonlySet<TaskGroup> | undefined;
  /** What the latest try ended with; moved into the future when the graph says that it is final. */
  latestError: unknown;
  latestValue: unknown;
  losses: Error[] | undefined;
  /** Tasks that a join's body called: they are cancelled with it. */
  children: Task[] | undefined;
  /** What it waits for, for `explain`; dropped with the arguments. */
  waitables: readonly Waitable[] | undefined;
  #earlierTries: TryRecord[] | undefined;
  #latest: TryRecord | undefined;
  #host = '';
  #worker = '';
  #startMs = 0;
  #durationUs = 0;

  constructor(taskId: TaskId, entry: AppEntry, args: readonly unknown[], owner: TaskOwner, driverCwd: string, parentId?: number) {
    this.taskId = taskId;
    this.entry = entry;
    this.args = args;
    this.#owner = owner;
    this.driverCwd = driverCwd;
    this.parentId = parentId;
    this.future = new AppFuture(this);
  }

  /** Its number as executors know it. */
  get sentId(): number {
    return this.sentBefore?.taskId ?? this.taskId;
  }

  /** The same of its present try. */
  get sentTry(): number {
    return this.tryNumber + (this.sentBefore?.tries ?? 0);
  }

  /** Of its present try; undefined: a worker is enough. */
  get request(): ResourceRequest | undefined {
    return this.requests && requestOf(this.requests, this.failedTries + 1);
  }

  get appName(): string {
    return this.entry.options.name;
  }

  get label(): string | undefined {
    return this.entry.options.label;
  }

  get shownName(): string {
    return this.label === undefined ? this.appName : `${this.appName}: ${this.label}`;
  }

  get stdout(): string | undefined {
    return this.#outputPath('stdout');
  }

  get stderr(): string | undefined {
    return this.#outputPath('stderr');
  }

  #outputPath(stream: 'stdout' | 'stderr'): string | undefined {
    const option = this.entry.options[stream];
    if (option === undefined) return undefined;
    if (option === 'auto') return autoOutputPath(stream, { runDir: this.#owner.runDir, taskId: this.taskId, name: this.appName });
    return resolvePath(this.driverCwd, option[0]);
  }

  cancel(reason?: string): void {
    this.#owner.cancelTask(this, reason);
  }

  /** As `cancel`, by its group. */
  cancelFor(reason: string, cause: unknown): void {
    this.#owner.cancelTask(this, reason, cause);
  }

  /** It is as cancelled before it began. */
  refuse(refusal: Refusal): void {
    this.cancelReason = refusal.reason;
    this.cancelCause = refusal.cause;
    if (refusal.isKnown) this.future.markObserved();
  }

  element(key: string | number): AppFuture<unknown> {
    return new ElementView(this, key).future;
  }

  // --- tries

  /** Where the latest try that was reported on ran. */
  get place(): { readonly host: string; readonly worker: string } {
    return { host: this.#host, worker: this.#worker };
  }

  get tries(): readonly TryRecord[] {
    const earlier = this.#earlierTries ?? [];
    const latest = this.#latestTry();
    return latest ? [...earlier, latest] : earlier;
  }

  /** A try ended; kept as numbers, since hardly anybody asks. */
  noteOutcome(outcome: TryOutcome): void {
    this.#host = outcome.host;
    this.#worker = outcome.worker;
    this.#startMs = outcome.startMs;
    this.#durationUs = outcome.durationUs;
    this.#latest = undefined;
  }

  /** Before another try: what is known of this one becomes a record. */
  closeTry(outcome: TryRecord['outcome'], error: unknown): void {
    this.#earlierTries ??= [];
    if (outcome === 'failed' || outcome === 'walltime') this.failedTries++;
    this.#earlierTries.push({ ...this.#describeTry(outcome), error });
    this.#host = '';
    this.#worker = '';
    this.#startMs = 0;
    this.#durationUs = 0;
  }

  /** The last try has ended, so. */
  finalTry(outcome: TryRecord['outcome'], error: unknown): void {
    this.#latest = { ...this.#describeTry(outcome), error };
  }

  #latestTry(): TryRecord | undefined {
    if (this.#latest) return this.#latest;
    if (this.isMemoized) return undefined;
    if (this.state === 'done') return this.#describeTry('done');
    return this.state === 'launched' || this.state === 'joining' ? this.#describeTry('running') : undefined;
  }

  #describeTry(outcome: TryRecord['outcome']): TryRecord {
    const start = this.#startMs > 0 ? new Date(this.#startMs) : undefined;
    const end = start && outcome !== 'running' ? new Date(this.#startMs + this.#durationUs / 1000) : undefined;
    return { number: this.tryNumber, executor: this.executor, host: this.#host, worker: this.#worker, start, end, outcome };
  }

  /** Lets go of what only a task that may still run needs. */
  drop(): void {
    this.args = [];
    this.encoded = undefined;
    this.prepared = undefined;
    this.requests = undefined;
    this.refs = undefined;
    this.waitables = undefined;
    this.behind = undefined;
    this.latestValue = undefined;
    this.children = undefined;
  }
}
