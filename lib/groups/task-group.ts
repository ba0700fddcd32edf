/**
 * Task groups: tasks that are waited for, cancelled and given up together.
 *
 * A task belongs to the group in whose `run` it is called, also after an `await` in there, or that its `group` option names.
 * Knows members by their futures; the kernel brings them (`admit`) and decides nothing here.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { isGroupError } from './group-error.ts';
import { type GroupCounts, type GroupMember, Members } from './members.ts';
import type { AppFuture } from '../futures/app-future.ts';

export interface GroupOptions {
  /** The group that it is part of; default: the one in whose `run` it is made. */
  readonly parent?: TaskGroup | undefined;
}

/** Why a group takes no more tasks. */
export interface Refusal {
  readonly reason: string;
  /** The GroupError of a member. */
  readonly cause: unknown;
  /** Whether the script knows of it anyway, so that nobody has to be told. */
  readonly isKnown: boolean;
}

const BRAND = Symbol.for('flotilla.group');
const SCOPE = Symbol.for('flotilla.currentGroup');
// Shared by all copies of the package, as the kernel is.
const holder = globalThis as { [SCOPE]?: AsyncLocalStorage<TaskGroup | undefined> };
holder[SCOPE] ??= new AsyncLocalStorage();
const scope = holder[SCOPE];

export class TaskGroup implements PromiseLike<undefined>, AsyncDisposable {
  readonly name: string;
  readonly parent: TaskGroup | undefined;
  readonly #members: Members;
  readonly #nested = new Set<TaskGroup>();
  #refusal: Refusal | undefined;
  #error: { readonly value: Error; readonly thrower: AppFuture<unknown> } | undefined;
  #hasThrown = false;
  #wasUsed = false;

  /** @internal */
  constructor(name: string, parent: TaskGroup | undefined) {
    this.name = name;
    this.parent = parent;
    this.#members = parent ? parent.#members.nested() : new Members();
    if (!parent) return;
    this.#refusal = parent.#refusal;
    parent.#nested.add(this);
  }

  /** The tasks that have not ended, in the order of their calls; those of nested groups are theirs. */
  get tasks(): readonly AppFuture<unknown>[] {
    return this.#members.open.map(({ future }) => future);
  }

  /** How many tasks were called in this group, and how those ended that did. */
  get counts(): GroupCounts {
    return this.#members.counts;
  }

  /**
   * Calls `fn`; every app that it calls, also after an `await`, belongs to this group. @returns what `fn` returns. Where that is a
   * promise that fails because the group was given up, it fails with the GroupError itself.
   */
  run<T>(fn: () => T): T {
    this.#use();
    const result = scope.run(this, fn);
    return result instanceof Promise ? (this.#preferGroupError(result) as T) : result;
  }

  async #preferGroupError<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      if (this.#error && (error === this.#error.value || (error instanceof Error && error.cause === this.#error.value))) this.#throwError();
      throw error;
    }
  }

  /** Cancels every task of the group and of the groups in it, and every one that is called in them from now on. Once is enough. */
  cancel(reason?: string): void {
    this.#stop({ reason: reason ?? `group '${this.name}' was cancelled`, cause: undefined, isKnown: true });
  }

  #stop(refusal: Refusal): void {
    if (this.#refusal) return;
    this.#refusal = refusal;
    for (const group of this.#nested) group.#stop(refusal);
    for (const member of this.#members.open) {
      member.future.markObserved();
      member.cancelFor(refusal.reason, refusal.cause);
    }
  }

  /** @internal A task was called in this group. @returns why it must not run, if it must not. */
  admit(member: GroupMember): Refusal | undefined {
    this.#use();
    this.#members.add(member, () => this.#ended(member.future));
    return this.#refusal;
  }

  #use(): void {
    this.#wasUsed = true;
    if (this.parent) this.parent.#use();
  }

  /** @internal Whether `group` is this one, or one in it: this one does not end before it. */
  includes(group: TaskGroup | undefined): boolean {
    return group !== undefined && (group === this || this.includes(group.parent));
  }

  #ended(future: AppFuture<unknown>): void {
    const error = future.isRejected ? future.settledValue : undefined;
    if (this.#refusal || !isGroupError(error)) return;
    this.#error = { value: error, thrower: future };
    const said = `task ${future.taskId} (${future.appName}) gave up group '${this.name}': ${error.message}`;
    this.#stop({ reason: said, cause: error, isKnown: true });
  }

  /** Waits until no task of the group, nor of those in it, is left. @throws the GroupError of a member. */
  // biome-ignore lint/suspicious/noThenProperty: being PromiseLike is the point
  then<A = undefined, B = never>(
    onFulfilled?: ((value: undefined) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#wait().then(onFulfilled, onRejected);
  }

  async #wait(): Promise<undefined> {
    await this.#members.allEnded();
    (this.#unthrown() ?? this).#throwError();
  }

  /** The group, of this and those in it, whose GroupError nobody was thrown yet. */
  #unthrown(): TaskGroup | undefined {
    if (this.#error && !this.#hasThrown) return this;
    for (const group of this.#nested) {
      const failed = group.#unthrown();
      if (failed) return failed;
    }
    return undefined;
  }

  #throwError(): void {
    if (!this.#error) return;
    this.#hasThrown = true;
    this.#error.thrower.markObserved();
    throw this.#error.value;
  }

  /**
   * The group's end: waits as `await group` does, then takes no more tasks.
   * @throws the GroupError of a member, unless `await group` or `run` has thrown it before.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#members.allEnded();
    this.#refusal ??= { reason: `group '${this.name}' has ended`, cause: undefined, isKnown: false };
    if (this.parent) this.parent.#nested.delete(this);
    if (!this.#wasUsed) warnOfUnused(this.name);
    const failed = this.#unthrown();
    if (failed) failed.#throwError();
  }
}

Object.defineProperty(TaskGroup.prototype, BRAND, { value: true });

/** Who expects that calls below `await using` are in the group must not find out by a cancel that cancels nothing. */
function warnOfUnused(name: string): void {
  const message = `group '${name}' has ended and nothing was ever called in it; tasks are called in group.run(() => …), or as app.with({ group })(…)`;
  process.emitWarning(message, { code: 'FLOTILLA_UNUSED_GROUP' });
}

/**
 * @param name how messages name it.
 * @throws InvalidOptionError
 * @example
 * await using g = group('sweep');
 * const runs = g.run(() => [0.7, 1.0, 1.5].map((t) => simulate(t)));
 */
export function group(name: string, options: GroupOptions = {}): TaskGroup {
  if (typeof name !== 'string' || name === '') throw InvalidOptionError.wrong('group()', 'name', name, 'text');
  for (const [key, value] of Object.entries(options))
    if (key !== 'parent') throw InvalidOptionError.unknown(`group '${name}'`, key, value, ['parent']);
  const { parent = currentGroup() } = options;
  return new TaskGroup(name, parent === undefined ? undefined : checkGroup(parent, `group '${name}'`, 'parent'));
}

/** The group in whose `run` the code at hand is. */
export const currentGroup = (): TaskGroup | undefined => scope.getStore();

/** Calls `fn` as part of `into`, or of no group. */
export const inGroup = <T>(into: TaskGroup | undefined, fn: () => T): T => scope.run(into, fn);

/** Recognises groups also when two copies of the package are loaded. */
export const isGroup = (value: unknown): value is TaskGroup => typeof value === 'object' && value !== null && BRAND in value;

export function checkGroup(value: unknown, of: string, option: string): TaskGroup {
  if (isGroup(value)) return value;
  throw InvalidOptionError.wrong(of, option, value, "a group, as group('name') makes it");
}
