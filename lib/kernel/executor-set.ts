/**
 * The kernel's executors: which one takes a try, and what they have in common to be told.
 */
import { PlacementError, UnknownExecutorError } from '../errors/index.ts';
import type { ExecutorContext, ExecutorDescription, RunningExecutor } from '../executor.ts';
import type { ResourceRequest } from '../resources/request.ts';
import { RunRoom } from './run-room.ts';

interface Member {
  readonly executor: RunningExecutor;
  /** Tries that it has. */
  outstanding: number;
  failure: Error | undefined;
}

export class ExecutorSet {
  readonly #members = new Map<string, Member>();
  #single: Member | undefined;
  #room: RunRoom | undefined;

  /** One may have left something, also if none could be started. */
  hasBegun = false;

  get labels(): readonly string[] {
    return [...this.#members.keys()];
  }

  get busyWorkers(): number {
    let busy = 0;
    for (const { executor } of this.#members.values()) busy += executor.status().running;
    return busy;
  }

  /** Starts all at once. If one cannot be started, `giveUp` is left to do. */
  async start(descriptions: readonly ExecutorDescription[], contextOf: (label: string) => ExecutorContext): Promise<void> {
    this.hasBegun = true;
    const contexts = descriptions.map(({ label }) => contextOf(label));
    const started = await Promise.allSettled(descriptions.map((description, i) => description.start(contexts[i] as ExecutorContext)));
    for (const outcome of started) {
      if (outcome.status === 'fulfilled')
        this.#members.set(outcome.value.label, { executor: outcome.value, outstanding: 0, failure: undefined });
    }
    const failure = started.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
    this.#single = this.#members.size === 1 ? [...this.#members.values()][0] : undefined;
    this.#room = contexts[0] && new RunRoom({ runDir: contexts[0].runDir, changed: (why) => this.#setPaused(why) });
    this.#room?.start();
  }

  /**
   * The one with the least to do among those that may run it, and can.
   * @throws UnknownExecutorError if a label does not exist; the executor's own error if all that may run it have failed; PlacementError if
   * none of them has resources to give, and it asks for some.
   */
  choose(labels: 'all' | readonly string[], app: string, resources: ResourceRequest | undefined): RunningExecutor {
    const isOnly = labels === 'all' && resources === undefined && this.#single && !this.#single.failure;
    const member = isOnly && this.#single ? this.#single : this.#leastBusy(labels, app, resources);
    member.outstanding++;
    return member.executor;
  }

  #leastBusy(labels: 'all' | readonly string[], app: string, resources: ResourceRequest | undefined): Member {
    const named = labels === 'all' ? [...this.#members.values()] : labels.map((label) => this.#find(label, app));
    const members = resources === undefined ? named : named.filter(({ executor }) => executor.refusesResources === undefined);
    if (members.length === 0 && named.length > 0) throw noResources(app, named);
    const working = members.filter(({ failure }) => !failure);
    if (working.length === 0) throw members[0]?.failure ?? new Error('there is no executor');
    // Where none will ever have it, one of them says what is missing.
    const hopeful = resources === undefined ? working : working.filter((member) => mayHave(member, resources));
    const chosen = hopeful.length === 0 ? working : hopeful;
    return chosen.reduce((least, member) => (member.outstanding < least.outstanding ? member : least));
  }

  /** Whether another executor may have what the one of this label never will. */
  mayBeElsewhere(label: string, labels: 'all' | readonly string[], resources: ResourceRequest): boolean {
    const here = this.#members.get(label);
    if (here === undefined || mayHave(here, resources)) return false;
    const others = [...this.#members].filter(([other]) => other !== label && (labels === 'all' || labels.includes(other)));
    return others.some(([, member]) => !member.failure && mayHave(member, resources));
  }

  #find(label: string, app: string): Member {
    const member = this.#members.get(label);
    if (member) return member;
    throw new UnknownExecutorError(label, app, this.labels);
  }

  noteEnded(label: string): void {
    const member = this.#single ?? this.#members.get(label);
    if (member) member.outstanding--;
  }

  markFailed(label: string, failure: Error): void {
    const member = this.#members.get(label);
    if (member) member.failure = failure;
  }

  #setPaused(why: string | undefined): void {
    for (const { executor } of this.#members.values()) executor.setPaused?.(why);
  }

  /** Whether a manager that was taken over has this try. */
  holds(label: string, taskId: number, tryNumber: number): boolean {
    return this.#members.get(label)?.executor.holds?.(taskId, tryNumber) ?? false;
  }

  cancel(label: string, taskId: number, tryNumber: number): void {
    this.#members.get(label)?.executor.cancel(taskId, tryNumber);
  }

  explain(label: string, taskId: number): string {
    return this.#members.get(label)?.executor.explain(taskId) ?? 'its arguments are being prepared';
  }

  setActive(active: boolean): void {
    for (const { executor } of this.#members.values()) executor.setActive(active);
  }

  /** The run cannot begin. @param keepsManagers whether what was taken over is to be there for another driver. */
  async giveUp(timeoutMs: number, keepsManagers: boolean): Promise<void> {
    if (keepsManagers) for (const { executor } of this.#members.values()) executor.abandon?.();
    const rest = [...this.#members.values()].filter(({ executor }) => !(keepsManagers && executor.abandon));
    await Promise.all(rest.map(({ executor }) => executor.close(timeoutMs)));
  }

  async close(timeoutMs: number): Promise<void> {
    this.#room?.stop();
    await Promise.all([...this.#members.values()].map(({ executor }) => executor.close(timeoutMs)));
  }

  killNow(): void {
    this.#room?.stop();
    for (const { executor } of this.#members.values()) executor.killNow();
  }
}

/** As far as is known. */
const mayHave = ({ executor }: Member, resources: ResourceRequest): boolean =>
  executor.refusesResources === undefined && executor.neverHas?.(resources) !== true;

function noResources(app: string, members: readonly Member[]): PlacementError {
  const reasons = members.map(({ executor }) => `executor '${executor.label}' ${executor.refusesResources}`);
  const message = `app '${app}' has the option 'resources', and ${reasons.join(', ')}; add a HighThroughputExecutor to the config, or leave the option out`;
  return new PlacementError({}, { message });
}
