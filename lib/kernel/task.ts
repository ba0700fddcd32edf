/**
 * The driver's record of one task, from its call until it ends. The future shows it to the user; the kernel moves it along.
 *
 * There may be a million that wait: what a waiting task does not need is in objects that are made when it does (task-tries.ts,
 * task-bonds.ts). See `bench/waiting-memory.ts`.
 */
import { resolve as resolvePath } from 'node:path';
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
import type { Waitable } from './arguments.ts';
import { ElementView } from './element.ts';
import type { Prepared } from './prepare.ts';
import { momentNow } from '../moment.ts';
import { noBonds, type TaskBonds } from './task-bonds.ts';
import { TaskTries } from './task-tries.ts';

/** What a task asks of the kernel. */
export interface TaskOwner {
  readonly runDir: string;
  /** Of the driver when it loaded the kernel. */
  readonly workingDirectory: string;
  cancelTask(task: Task, reason: string | undefined, cause?: unknown): void;
}

const NO_OUTPUTS: readonly DataFuture[] = [];
const NO_ARGUMENTS: readonly unknown[] = [];

/** Times of tasks are kept in steps: a small whole number is kept in its field, any other in a box of its own. */
const STEP_MS = 10;

const now = (): number => (momentNow() / STEP_MS) | 0;

export class Task implements TaskView {
  readonly taskId: TaskId;
  readonly entry: AppEntry;
  readonly future: AppFuture<unknown>;
  readonly #owner: TaskOwner;
  state: TaskState = 'pending';
  /** Dropped once encoded, or when the task has ended. */
  args: readonly unknown[];
  /** What it waits for, for `explain`; dropped with the arguments. */
  waitables: readonly Waitable[] | undefined;
  #since = now();
  #tries: TaskTries | undefined;
  #bonds: TaskBonds | undefined;

  constructor(taskId: TaskId, entry: AppEntry, args: readonly unknown[], owner: TaskOwner, driverCwd: string, parentId?: number) {
    this.taskId = taskId;
    this.entry = entry;
    this.args = args;
    this.#owner = owner;
    if (driverCwd !== owner.workingDirectory) this.tie().driverCwd = driverCwd;
    if (parentId !== undefined) this.tie().parentId = parentId;
    this.future = new AppFuture(this);
  }

  // --- what it may have

  // Not #private: an object whose class has private methods is eight bytes larger.

  private run(): TaskTries {
    this.#tries ??= new TaskTries();
    return this.#tries;
  }

  private tie(): TaskBonds {
    this.#bonds ??= noBonds();
    return this.#bonds;
  }

  /** Directory of the driver at the call: what relative paths mean. */
  get driverCwd(): string {
    return this.#bonds?.driverCwd ?? this.#owner.workingDirectory;
  }

  get parentId(): number | undefined {
    return this.#bonds?.parentId;
  }

  get outputs(): readonly DataFuture[] {
    return this.#bonds?.outputs ?? NO_OUTPUTS;
  }
  set outputs(outputs: readonly DataFuture[]) {
    this.tie().outputs = outputs;
  }

  get group(): TaskGroup | undefined {
    return this.#bonds?.group;
  }
  set group(group: TaskGroup | undefined) {
    if (group !== undefined || this.#bonds) this.tie().group = group;
  }

  get behind(): ReadonlySet<TaskGroup> | undefined {
    return this.#bonds?.behind;
  }
  set behind(behind: ReadonlySet<TaskGroup> | undefined) {
    if (behind !== undefined || this.#bonds) this.tie().behind = behind;
  }

  get children(): readonly Task[] | undefined {
    return this.#bonds?.children;
  }

  /** Its body called it. */
  adopt(child: Task): void {
    const bonds = this.tie();
    bonds.children ??= [];
    bonds.children.push(child);
  }

  get cancelReason(): string | undefined {
    return this.#bonds?.cancelReason;
  }

  get cancelCause(): unknown {
    return this.#bonds?.cancelCause;
  }

  get isGivenUp(): boolean {
    return this.#bonds?.isGivenUp ?? false;
  }

  noteCancelled(reason: string, cause: unknown): void {
    Object.assign(this.tie(), { cancelReason: reason, cancelCause: cause });
  }

  /** When it came into its present state, as lib/steady-clock.ts counts. */
  get sinceMs(): number {
    return this.#since * STEP_MS + performance.timeOrigin;
  }

  /** Its present try has gone out, or its body runs. */
  launched(tryNumber: number): void {
    this.run().number = tryNumber;
    this.#since = now();
    this.state = this.entry.kind === 'join' ? 'joining' : 'launched';
  }

  get tryNumber(): number {
    return this.#tries?.number ?? 1;
  }

  get executor(): string {
    return this.#tries?.executor ?? '';
  }
  set executor(label: string) {
    this.run().executor = label;
  }

  get encoded(): Buffer | undefined {
    return this.#tries?.encoded;
  }
  set encoded(bytes: Buffer | undefined) {
    this.run().encoded = bytes;
  }

  get prepared(): Prepared | undefined {
    return this.#tries?.prepared;
  }
  set prepared(prepared: Prepared | undefined) {
    this.run().prepared = prepared;
  }

  get refs(): readonly ArgumentRef[] | undefined {
    return this.#tries?.refs;
  }
  set refs(refs: readonly ArgumentRef[] | undefined) {
    this.run().refs = refs;
  }

  get isMemoized(): boolean {
    return this.#tries?.isMemoized ?? false;
  }
  set isMemoized(isMemoized: boolean) {
    this.run().isMemoized = isMemoized;
  }

  get latestValue(): unknown {
    return this.#tries?.latestValue;
  }
  set latestValue(value: unknown) {
    this.run().latestValue = value;
  }

  get latestError(): unknown {
    return this.#tries?.latestError;
  }
  set latestError(error: unknown) {
    this.run().latestError = error;
  }

  get losses(): Error[] | undefined {
    return this.#tries?.losses;
  }
  set losses(losses: Error[] | undefined) {
    this.run().losses = losses;
  }

  get sentBefore(): TaskTries['sentBefore'] {
    return this.#tries?.sentBefore;
  }
  set sentBefore(sent: TaskTries['sentBefore']) {
    this.run().sentBefore = sent;
  }

  /** Its number as executors know it. */
  get sentId(): number {
    return this.#tries?.sentBefore?.taskId ?? this.taskId;
  }

  /** The same of its present try. */
  get sentTry(): number {
    return this.tryNumber + (this.#tries?.sentBefore?.tries ?? 0);
  }

  /** Of its present try; undefined: a worker is enough. */
  get request(): ResourceRequest | undefined {
    return this.requests && requestOf(this.requests, (this.#tries?.failed ?? 0) + 1);
  }

  get requests(): RequestsPerTry | undefined {
    return this.#tries?.requests;
  }
  set requests(requests: RequestsPerTry | undefined) {
    this.run().requests = requests;
  }

  // --- what people see

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
    return this.outputPath('stdout');
  }

  get stderr(): string | undefined {
    return this.outputPath('stderr');
  }

  private outputPath(stream: 'stdout' | 'stderr'): string | undefined {
    const option = this.entry.options[stream];
    if (option === undefined) return undefined;
    if (option === 'auto') return autoOutputPath(stream, { runDir: this.#owner.runDir, taskId: this.taskId, name: this.appName });
    return resolvePath(this.driverCwd, option[0]);
  }

  cancel(reason?: string): void {
    if (this.future.done) return;
    this.tie().isGivenUp = true;
    this.#owner.cancelTask(this, reason);
  }

  /** As `cancel`, by its group. */
  cancelFor(reason: string, cause: unknown): void {
    this.#owner.cancelTask(this, reason, cause);
  }

  /** It is as cancelled before it began. */
  refuse(refusal: Refusal): void {
    this.noteCancelled(refusal.reason, refusal.cause);
    if (refusal.isKnown) this.future.markObserved();
  }

  element(key: string | number): AppFuture<unknown> {
    return new ElementView(this, key).future;
  }

  // --- tries

  /** Where the latest try that was reported on ran. */
  get place(): { readonly host: string; readonly worker: string } {
    return { host: this.#tries?.host ?? '', worker: this.#tries?.worker ?? '' };
  }

  get tries(): readonly TryRecord[] {
    const latest = this.latestTry();
    const earlier = this.#tries?.earlier ?? [];
    return latest ? [...earlier, latest] : earlier;
  }

  noteOutcome(outcome: TryOutcome): void {
    this.run().noteOutcome(outcome);
  }

  /** Before another try. */
  closeTry(outcome: TryRecord['outcome'], error: unknown): void {
    this.run().close(outcome, error);
  }

  /** The last try has ended, so. */
  finalTry(outcome: TryRecord['outcome'], error: unknown): void {
    const run = this.run();
    run.final = { ...run.describe(outcome), error };
  }

  private latestTry(): TryRecord | undefined {
    const run = this.#tries;
    if (run === undefined) return undefined;
    if (run.final) return run.final;
    if (run.isMemoized) return undefined;
    if (this.state === 'done') return run.describe('done');
    return this.state === 'launched' || this.state === 'joining' ? run.describe('running') : undefined;
  }

  /** Lets go of what only a task that may still run needs. */
  drop(): void {
    this.args = NO_ARGUMENTS;
    this.waitables = undefined;
    this.#tries?.drop();
    if (!this.#bonds) return;
    this.#bonds.behind = undefined;
    this.#bonds.children = undefined;
  }
}
