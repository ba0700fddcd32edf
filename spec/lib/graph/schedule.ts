/**
 * A world around the task graph that does what executors and users may do, in any order: results that are repeated, late or about
 * tries of long ago; losses; cancellations at every step. Checks after every event what must always hold.
 */
import type { Random } from '../../executors/high-throughput/interchange/simulation/random.ts';
import {
  createTaskGraph,
  type GraphEffect,
  type GraphEvent,
  step,
  type TaskGraph,
  type TaskId,
  type TaskPolicy,
  type TryResult,
} from '../../../lib/graph/task-graph.ts';

interface Flight {
  readonly id: TaskId;
  readonly tryNumber: number;
}

interface KnownTask {
  readonly after: readonly TaskId[];
  readonly policy: TaskPolicy;
  /** Number of the try that is out; undefined: none. */
  flying: number | undefined;
  lastTry: number;
  end: 'succeeded' | 'ignored' | 'failed' | 'dependencyFailed' | 'dependencyCancelled' | undefined;
}

const POLICIES: readonly TaskPolicy['onFailure'][] = ['fail', 'fail', 'ignore', 'cancelSuccessors'];

/** Ends behind which what waits may go on. */
const isPassable = (end: KnownTask['end']): boolean => end === undefined || end === 'succeeded' || end === 'ignored';

const RESULTS: readonly TryResult[] = [
  { kind: 'ok' },
  { kind: 'ok' },
  { kind: 'ok' },
  { kind: 'failed', cost: 1 },
  { kind: 'failed', cost: 0.5 },
  { kind: 'lost' },
  { kind: 'unstarted' },
  { kind: 'groupError' },
];

export class Schedule {
  readonly #random: Random;
  readonly #graph: TaskGraph = createTaskGraph();
  readonly #tasks = new Map<TaskId, KnownTask>();
  readonly #promises = new Map<TaskId, 'open' | 'fulfilled' | 'rejected' | 'rejectedCancelling'>();
  readonly #flights: Flight[] = [];
  /** Events that were delivered; some are delivered again. */
  readonly #past: GraphEvent[] = [];
  #nextTask = 1;
  #nextPromise = -1;

  constructor(random: Random) {
    this.#random = random;
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) this.#deliver(this.#chooseEvent());
  }

  /** Lets everything come to an end and checks that it does. */
  settle(): void {
    for (const [id, state] of this.#promises) if (state === 'open') this.#deliver(this.#settlePromise(id, true));
    for (let flight = this.#flights.shift(); flight; flight = this.#flights.shift()) {
      if (this.#tasks.get(flight.id)?.flying === flight.tryNumber) this.#deliver({ kind: 'tryEnded', ...flight, result: { kind: 'ok' } });
    }
    for (const [id, { end }] of this.#tasks) if (!end) throw new Error(`task ${id} never ended`);
    if (this.#graph.nodes.size > 0) throw new Error(`${this.#graph.nodes.size} nodes are left`);
  }

  #chooseEvent(): GraphEvent {
    const { next } = this.#random;
    const dice = next();
    if (dice < 0.3) return this.#submit();
    if (dice < 0.36) return { kind: 'externalAwaited', id: this.#newPromise() };
    if (dice < 0.42) return this.#settleSomePromise();
    if (dice < 0.5) return { kind: 'cancelRequested', id: this.#someTask() };
    if (dice < 0.6) return this.#repeatPast();
    return this.#endSomeTry();
  }

  #submit(): GraphEvent {
    const id = this.#nextTask++ as TaskId;
    // What is known to have failed is never waited for: the kernel sees to that.
    const waitable = [...this.#tasks].filter(([, { end }]) => isPassable(end)).map(([task]) => task);
    const promises = [...this.#promises].filter(([, state]) => state === 'open').map(([promise]) => promise);
    const candidates = [...waitable.slice(-20), ...promises];
    const count = candidates.length === 0 ? 0 : this.#random.below(4);
    const after = Array.from({ length: count }, () => candidates[this.#random.below(candidates.length)] as TaskId);
    const onFailure = POLICIES[this.#random.below(POLICIES.length)] as TaskPolicy['onFailure'];
    const policy: TaskPolicy = { retries: this.#random.below(3), onLost: this.#random.chance(0.8) ? 'retry' : 'fail', onFailure };
    this.#tasks.set(id, { after, policy, flying: undefined, lastTry: 0, end: undefined });
    return { kind: 'submitted', id, policy, after };
  }

  #newPromise(): TaskId {
    const id = this.#nextPromise-- as TaskId;
    this.#promises.set(id, 'open');
    return id;
  }

  #settleSomePromise(): GraphEvent {
    const ids = [...this.#promises.keys()];
    const id = ids[this.#random.below(ids.length)];
    return id === undefined ? this.#submit() : this.#settlePromise(id, this.#random.chance(0.8));
  }

  #settlePromise(id: TaskId, ok: boolean): GraphEvent {
    const cancelSuccessors = !ok && this.#random.chance(0.5);
    if (this.#promises.get(id) === 'open') this.#promises.set(id, ok ? 'fulfilled' : cancelSuccessors ? 'rejectedCancelling' : 'rejected');
    return { kind: 'externalSettled', id, ok, cancelSuccessors };
  }

  /** Also of tasks that have ended. */
  #someTask(): TaskId {
    return (1 + this.#random.below(this.#nextTask)) as TaskId;
  }

  #repeatPast(): GraphEvent {
    const past = this.#past[this.#random.below(this.#past.length)];
    return past ?? this.#submit();
  }

  /** In any order, and sometimes kept, to be reported again later. */
  #endSomeTry(): GraphEvent {
    const at = this.#random.below(this.#flights.length);
    const flight = this.#flights[at];
    if (!flight) return this.#submit();
    if (this.#random.chance(0.8)) this.#flights.splice(at, 1);
    const result = RESULTS[this.#random.below(RESULTS.length)] as TryResult;
    return { kind: 'tryEnded', ...flight, result };
  }

  #deliver(event: GraphEvent): void {
    if (event.kind === 'tryEnded' || event.kind === 'externalSettled') this.#past.push(event);
    for (const effect of step(this.#graph, event)) this.#check(effect, event);
    if (event.kind === 'tryEnded') this.#forget(event);
  }

  #forget({ id, tryNumber }: Flight): void {
    const task = this.#tasks.get(id);
    if (!task?.end || task.flying !== tryNumber) return;
    task.flying = undefined;
  }

  #check(effect: GraphEffect, event: GraphEvent): void {
    const task = this.#tasks.get(effect.id);
    if (!task) throw new Error(`${effect.kind} of ${effect.id}, which is no task`);
    if (task.end) throw new Error(`${effect.kind} of task ${effect.id}, which has ended (${task.end})`);
    if (effect.kind === 'launch') return this.#checkLaunch(effect, task, event);
    if (effect.kind === 'cancelTry') {
      if (task.flying !== effect.tryNumber)
        throw new Error(`try ${effect.tryNumber} of task ${effect.id} is cancelled, but ${task.flying} is out`);
      return this.#answerCancel(effect);
    }
    task.end = effect.kind;
    if (effect.kind === 'ignored' && task.policy.onFailure !== 'ignore') throw new Error(`the failure of task ${effect.id} is ignored`);
    if (effect.kind === 'dependencyFailed' || effect.kind === 'dependencyCancelled') this.#checkUpstream(effect, task);
  }

  /** What is behind a failure ends as the policy of the first that failed has it. */
  #checkUpstream({ id, kind, upstream }: { id: TaskId; kind: string; upstream: TaskId }, task: KnownTask): void {
    if (!task.after.includes(upstream)) throw new Error(`task ${id} does not depend on ${upstream}`);
    const { end, policy } = this.#tasks.get(upstream) ?? {};
    const cancels =
      this.#promises.get(upstream) === 'rejectedCancelling' ||
      end === 'dependencyCancelled' ||
      (end === 'failed' && policy?.onFailure === 'cancelSuccessors');
    if (isPassable(end) && this.#promises.get(upstream) === undefined)
      throw new Error(`task ${id}: ${kind} behind task ${upstream}, which is ${end}`);
    if (cancels !== (kind === 'dependencyCancelled')) throw new Error(`task ${id}: ${kind} behind ${upstream}, which ended as ${end}`);
  }

  #checkLaunch({ id, tryNumber }: Flight, task: KnownTask, event: GraphEvent): void {
    if (tryNumber !== task.lastTry + 1) throw new Error(`task ${id}: try ${tryNumber} follows try ${task.lastTry}`);
    const isOut = task.flying !== undefined && !(event.kind === 'tryEnded' && event.id === id && event.tryNumber === task.flying);
    if (isOut) throw new Error(`task ${id}: try ${tryNumber} is launched while ${task.flying} is out`);
    const isMet = (upstream: TaskId): boolean => {
      const end = this.#tasks.get(upstream)?.end;
      return (end !== undefined && isPassable(end)) || this.#promises.get(upstream) === 'fulfilled';
    };
    const unmet = task.after.filter((upstream) => !isMet(upstream));
    if (unmet.length > 0) throw new Error(`task ${id} is launched before ${unmet.join(', ')} succeeded`);
    task.lastTry = tryNumber;
    task.flying = tryNumber;
    this.#flights.push({ id, tryNumber });
  }

  /** Sometimes the executor obeys: its answer is one of the events that may come; otherwise the try ends by itself. */
  #answerCancel(flight: Flight): void {
    if (!this.#random.chance(0.5)) return;
    this.#past.push({ kind: 'tryEnded', id: flight.id, tryNumber: flight.tryNumber, result: { kind: 'cancelled' } });
  }
}
