/**
 * The tasks of a group that have not ended, how many ended in which way, and who waits until none is left. Nested groups report to
 * the group around them, so that its end waits for theirs.
 */
import type { AppFuture } from '../futures/app-future.ts';

/** What a group asks of a task. */
export interface GroupMember {
  readonly future: AppFuture<unknown>;
  /** Whatever it is: there are groups that it had to wait for. */
  readonly behind: unknown;
  /** @param cause the error that is the reason, if one is. */
  cancelFor(reason: string, cause: unknown): void;
}

export interface GroupCounts {
  readonly total: number;
  readonly done: number;
  readonly ignored: number;
  /** Dependents of failed tasks among them. */
  readonly failed: number;
  readonly cancelled: number;
}

export class Members {
  readonly #around: Members | undefined;
  readonly #open = new Set<GroupMember>();
  readonly #ended = { done: 0, ignored: 0, failed: 0, cancelled: 0 };
  /** Those that had to wait for a group: a few of them, as a rule. */
  readonly #behindGroups = new Set<GroupMember>();
  #total = 0;
  /** Of nested groups too. */
  #openInAll = 0;
  #waiting: (() => void)[] = [];

  constructor(around?: Members) {
    this.#around = around;
  }

  /** Of a group in this one. */
  nested(): Members {
    return new Members(this);
  }

  /** In the order of their calls. */
  get open(): readonly GroupMember[] {
    return [...this.#open];
  }

  get behindGroups(): Iterable<GroupMember> {
    return this.#behindGroups;
  }

  get counts(): GroupCounts {
    return { total: this.#total, ...this.#ended };
  }

  /** @param ended told when the task has ended and is no member any more. */
  add(member: GroupMember, ended: () => void): void {
    this.#total++;
    this.#open.add(member);
    if (member.behind !== undefined) this.#behindGroups.add(member);
    this.#opened();
    member.future.onSettled(() => {
      this.#open.delete(member);
      this.#behindGroups.delete(member);
      const { state } = member.future;
      this.#ended[state === 'done' || state === 'ignored' || state === 'cancelled' ? state : 'failed']++;
      ended();
      this.#closed();
    });
  }

  #opened(): void {
    this.#openInAll++;
    if (this.#around) this.#around.#opened();
  }

  #closed(): void {
    if (--this.#openInAll === 0) {
      for (const resolve of this.#waiting) resolve();
      this.#waiting = [];
    }
    if (this.#around) this.#around.#closed();
  }

  /** Resolves when neither this group nor one inside it has a task left; those that are called meanwhile included. */
  async allEnded(): Promise<void> {
    while (this.#openInAll > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
