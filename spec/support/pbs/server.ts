/**
 * The emulated PBS server: its jobs from submission to the end, its nodes and its scheduler. Owns what happens when; the commands
 * under commands/ own what is said.
 */
import { commentTime } from './attributes.ts';
import { Execution, removeTraces } from './execution.ts';
import { hasProcesses, isFinished, type Job } from './job.ts';
import { type Node, placeJob, execVnode } from './placement.ts';

export interface QueueLimits {
  /** max_run=[u:PBS_GENERIC=n]: further jobs wait. */
  readonly maxRunPerUser?: number;
  /** queued_jobs_threshold=[u:PBS_GENERIC=n]: further jobs are refused. */
  readonly queuedPerUser?: number;
  /** max_queued=[p:PBS_GENERIC=n], queued and running together. */
  readonly maxPerProject?: number;
  /** resources_max.walltime, seconds. */
  readonly maxWalltimeSeconds?: number;
}

export interface ServerOptions {
  readonly dir: string;
  readonly home: string;
  readonly name: string;
  readonly user: string;
  readonly nodes: readonly { readonly name: string; readonly ncpus: number }[];
  /** The first is the default queue. */
  readonly queues: Readonly<Record<string, QueueLimits>>;
  /** In addition to those of PBS itself. */
  readonly customResources: readonly string[];
  readonly history: boolean;
  readonly nodeFailRequeueMs: number;
  readonly killDelayMs: number;
  /** How long a job is exiting, E, before it has ended. */
  readonly exitingMs: number;
  readonly now: () => number;
}

export class PbsServer {
  readonly options: ServerOptions;
  readonly jobs = new Map<string, Job>();
  readonly nodes: Node[];
  /** History may be switched while jobs run, as with qmgr. */
  keepsHistory: boolean;
  /** Jobs wait while it is off, as with `qmgr -c 's s scheduling = false'`. */
  isScheduling = true;
  nextSeq = 0;
  readonly #executions = new Map<string, Execution>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #willSchedule = false;
  #isClosed = false;

  constructor(options: ServerOptions) {
    this.options = options;
    this.keepsHistory = options.history;
    this.nodes = options.nodes.map((node) => ({ ...node, isUp: true }));
  }

  /** The scheduler's next cycle comes by itself, after the command has been answered. */
  schedule(): void {
    if (this.#willSchedule) return;
    this.#willSchedule = true;
    setImmediate(() => {
      this.#willSchedule = false;
      this.#cycle();
    });
  }

  accept(job: Job): void {
    this.jobs.set(job.id, job);
    this.#linkDependency(job);
    if (job.notBefore !== undefined) this.#later(job.notBefore - this.options.now(), () => this.#releaseWaiting(job));
    this.schedule();
  }

  release(job: Job): void {
    job.isHeld = false;
    this.#change(job, { state: 'Q', substate: 10 });
    this.schedule();
  }

  hold(job: Job): void {
    if (job.state === 'Q' || job.state === 'W') this.#change(job, { state: 'H', substate: 20, isHeld: true });
  }

  /** qdel: a running one gets TERM, KILL later. Idempotent while it exits. */
  delete(job: Job, { force = false } = {}): void {
    const execution = this.#executions.get(job.id);
    if (!hasProcesses(job) || execution === undefined) return this.#finish(job, { substate: 91 });
    if (job.state === 'E' || (job.ending !== undefined && !force)) return;
    job.ending = 'deleted';
    if (force) execution.kill();
    else void execution.terminate();
  }

  forget(job: Job): void {
    this.jobs.delete(job.id);
  }

  /** What runs there is gone at once; PBS hears of it when it requeues the jobs. */
  cutPower(nodeName: string): void {
    const node = this.#node(nodeName);
    node.isUp = false;
    for (const job of this.#jobsOn(nodeName)) {
      const execution = this.#executions.get(job.id);
      this.#executions.delete(job.id);
      execution?.kill();
      this.#later(this.options.nodeFailRequeueMs, () => this.#nodeLost(job));
    }
  }

  restorePower(nodeName: string): void {
    this.#node(nodeName).isUp = true;
    this.schedule();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const execution of this.#executions.values()) execution.kill();
    await Promise.all([...this.#executions.values()].map(({ ended }) => ended));
  }

  #cycle(): void {
    if (this.#isClosed || !this.isScheduling) return;
    for (const job of this.jobs.values()) if (job.state === 'Q') this.#consider(job);
  }

  #consider(job: Job): void {
    const running = [...this.jobs.values()].filter(hasProcesses);
    const limit = this.options.queues[job.queue]?.maxRunPerUser ?? Number.POSITIVE_INFINITY;
    const ofUser = running.filter(({ queue, user }) => queue === job.queue && user === job.user);
    const places =
      ofUser.length >= limit ? `Not Running: User has reached queue ${job.queue} running job limit.` : placeJob(job, this.nodes, running);
    if (typeof places === 'string') job.comment = places;
    else this.#run(job, places);
  }

  #run(job: Job, placed: Job['placed']): void {
    const now = this.options.now();
    const comment = `Job run at ${commentTime(now)} on ${execVnode(placed)}`;
    this.#change(job, { state: 'R', substate: 42, placed, stime: now, comment, runCount: job.runCount + 1, exitStatus: undefined });
    const execution = new Execution(job, this.options);
    this.#executions.set(job.id, execution);
    job.sessionId = execution.pid;
    const { walltimeSeconds } = job;
    const limit = walltimeSeconds === undefined ? undefined : this.#later(walltimeSeconds * 1000, () => this.#exceed(job, execution));
    void execution.ended.then(({ exitStatus }) => {
      this.#clear(limit);
      this.#ended(job, execution, exitStatus);
    });
  }

  #exceed(job: Job, execution: Execution): void {
    if (this.#executions.get(job.id) !== execution || job.ending !== undefined) return;
    job.ending = 'walltime';
    const limit = job.walltimeSeconds ?? 0;
    execution.say(`=>> PBS: job killed: walltime ${Math.ceil((this.options.now() - (job.stime ?? 0)) / 1000)} exceeded limit ${limit}`);
    void execution.terminate();
  }

  #ended(job: Job, execution: Execution, exitStatus: number): void {
    if (this.#isClosed || this.#executions.get(job.id) !== execution) return;
    this.#change(job, { state: 'E', substate: 50 });
    this.#later(this.options.exitingMs, () => {
      execution.stageOut();
      this.#finish(job, endOf(job, exitStatus, `${job.user}@${this.options.name}`));
    });
  }

  #nodeLost(job: Job): void {
    if (!hasProcesses(job)) return;
    if (!job.rerunable) return this.#finish(job, { substate: 93, exitStatus: -20 });
    removeTraces(job, this.options.dir);
    this.#change(job, { state: 'Q', substate: 10, exitStatus: -20, placed: [], stime: undefined, sessionId: undefined, ending: undefined });
    this.schedule();
  }

  #finish(job: Job, change: Partial<Job>): void {
    const now = this.options.now();
    const ran = job.stime === undefined || change.exitStatus === -20 ? {} : { obittime: now };
    this.#change(job, { ...change, ...ran, state: 'F', historyTimestamp: Math.floor(now / 1000) });
    this.#executions.delete(job.id);
    removeTraces(job, this.options.dir);
    if (!this.keepsHistory) this.jobs.delete(job.id);
    this.#settleDependents(job);
    this.schedule();
  }

  /** Only `afterok` of one job. An unknown one counts as done. */
  #linkDependency(job: Job): void {
    const [, seq] = /^afterok:(\d+)/.exec(job.depend ?? '') ?? [];
    if (seq === undefined) return;
    const { name } = this.options;
    job.depend = `afterok:${seq}.${name}@${name}`;
    const parent = this.jobs.get(`${seq}.${name}`);
    if (parent === undefined) this.release(job);
    else parent.depend = `beforeok:${job.id}@${name}`;
  }

  #settleDependents(parent: Job): void {
    const { name } = this.options;
    for (const job of [...this.jobs.values()]) {
      if (job.state !== 'H' || job.depend !== `afterok:${parent.id}@${name}`) continue;
      if (parent.exitStatus === 0) this.release(job);
      else this.#finish(job, { substate: 98 });
    }
  }

  #releaseWaiting(job: Job): void {
    if (job.state === 'W') this.release(job);
  }

  #jobsOn(node: string): Job[] {
    return [...this.jobs.values()].filter((job) => hasProcesses(job) && job.placed.some((place) => place.node === node));
  }

  #node(name: string): Node {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  #change(job: Job, change: Partial<Job>): void {
    Object.assign(job, change, { mtime: this.options.now() });
  }

  #clear(timer: NodeJS.Timeout | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
    clearTimeout(timer);
  }

  #later(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isClosed) act();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  /** Of jobs that have not ended, for limits. */
  get unfinished(): readonly Job[] {
    return [...this.jobs.values()].filter((job) => !isFinished(job));
  }
}

/** Exit_status and words; PBS Professional 2022.1 Administrator's Guide, "Job Exit Status Codes", and the recordings. */
function endOf(job: Job, exitStatus: number, owner: string): Partial<Job> {
  if (job.ending === 'walltime') return { substate: 93, exitStatus: -29, comment: `${job.comment} and exceeded resource walltime` };
  if (job.ending === 'deleted') return { substate: 91, exitStatus, comment: `${job.comment} and terminated by ${owner}` };
  return exitStatus === 0
    ? { substate: 92, exitStatus, comment: `${job.comment} and finished` }
    : { substate: 93, exitStatus, comment: `${job.comment} and failed` };
}
