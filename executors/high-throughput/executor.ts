/**
 * A started HighThroughputExecutor in the driver: tries out, outcomes in, blocks kept, a new interchange told what the dead one knew.
 *
 * Holds each try until its outcome is known. What a loss costs a task is the kernel's to decide.
 */
import type { ExecutorContext, ExecutorStatus, RunningExecutor, TryOutcome, TryRequest } from '../../lib/executor.ts';
import type { ResourceRequest } from '../../lib/resources/request.ts';
import { steadyNow } from '../../lib/steady-clock.ts';
import { FrameType } from '../../lib/wire/frames.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import type { Blocks } from '../blocks/blocks.ts';
import { describeState } from './describe-state.ts';
import { eachResult } from './each-result.ts';
import type { DurableRecord } from './durable-record.ts';
import type { DurableState } from './durable-state.ts';
import { Hindrances } from './hindrances.ts';
import { NO_MANAGER } from './interchange/core-events.ts';
import type { InterchangeKeeper } from './interchange-keeper.ts';
import { dispatchReport, type InterchangeLoad, type Recovered, type RegisteredManager, type ReportEvents } from './reports.ts';
import { forgottenOutcome, type LostManager, lostOutcome, managerLostBody } from './manager-loss.ts';
import { ManagerNews } from './manager-news.ts';
import { KnownManagers, toKnown } from './managers.ts';
import { type TaskTransport, transportTo } from './task-transport.ts';
import { PlacementLimits } from './placement-limits.ts';
import { publishSettings } from './publish-settings.ts';
import { Outbox } from './outbox.ts';
import { createParts, type PartsEvents, settingsPathIn } from './parts.ts';
import { keysFor, type PeerSettingsSource } from './peer-settings.ts';
import { explainTask, type StatusFacts, statusOf } from './status.ts';
import { endInterchange, RETURN_MS, TakeOver } from './take-over.ts';
import { Tries } from './tries.ts';

/** How long a lost manager's job is given to say how it ended. */
const JOB_END_MS = 1000;
/** The most that a new interchange waits for the managers of the dead one. */
const MAX_RECOVERY_MS = 30_000;

export class HighThroughput implements RunningExecutor {
  readonly label: string;
  readonly #compiled: CompiledHighThroughput;
  readonly #context: ExecutorContext;
  readonly #peers: PeerSettingsSource;
  readonly #settingsPath: string;
  readonly #tries = new Tries();
  readonly #managers = new KnownManagers();
  readonly #interchange: InterchangeKeeper;
  readonly #blocks: Blocks;
  readonly #outbox: Outbox;
  readonly #takeOver: TakeOver;
  /** undefined: when this driver dies, there is nothing to take over. */
  readonly #record: DurableRecord | undefined;
  readonly #news: ManagerNews;
  readonly #transport: TaskTransport;
  #closing: Promise<void> | undefined;
  #failure: Error | undefined;
  readonly #limits: PlacementLimits;
  readonly #hindrances: Hindrances;
  /** As the interchange said last. */
  #load: InterchangeLoad = {};

  /** The directory, `runinfo/NNN/<label>`, must exist. */
  constructor({ compiled, context, directory, site }: Omit<PeerSettingsSource, 'keys'>) {
    this.label = compiled.label;
    this.#compiled = compiled;
    this.#context = context;
    this.#news = new ManagerNews(compiled.label);
    this.#hindrances = new Hindrances(this.label, this.#managers, this.#news, (level, message) => this.#log(level, message));
    this.#takeOver = new TakeOver(compiled.label, context.takeOver);
    const { from } = this.#takeOver;
    this.#peers = { compiled, context, directory, site, keys: keysFor(compiled, from) };
    this.#transport = transportTo(site, context.events);
    this.#settingsPath = settingsPathIn(directory);
    this.#limits = new PlacementLimits(compiled, from);
    const { interchange, blocks, record } = createParts(this.#peers, this.#takeOver, this.#partsEvents());
    this.#interchange = interchange;
    this.#blocks = blocks;
    this.#record = record;
    this.#outbox = new Outbox(interchange, this.#takeOver.firstFunction, context.events.sending);
  }

  #partsEvents(): PartsEvents {
    return {
      results: (index, records) => this.#onResults(index, records),
      event: (event) => dispatchReport(event, this.#reportEvents()),
      // Before it may outlive this driver.
      spawned: () => this.#record?.writeNow(),
      began: () => this.#onBegan(),
      replaced: (how) => this.#onReplaced(how),
      failed: (error) => this.#fail(error),
      load: () => ({ outstanding: this.#tries.size, slotsWorth: this.#limits.slotsWorth(this.#tries), ...this.#load }),
      describe: () => describeState(this.#peers, this.#takeOver, this.#managers.all, this.#interchange, this.#blocks),
      log: (level, message) => this.#log(level, message),
    };
  }

  /** @throws ExecutorFailed if the interchange cannot be started; what the provider throws. Nothing is left of it then. */
  async start(): Promise<void> {
    const { isLocal } = this.#compiled.provider;
    try {
      // A manager of this machine comes up beside the interchange and waits for its settings; a scheduler is asked when all is ready.
      const { from } = this.#takeOver;
      if (from) await this.#prepareTakeOver(from);
      else if (isLocal) this.#blocks.start();
      const port = await this.#interchange.start(from?.port ?? 0);
      // Before a manager knows of it.
      this.#record?.writeNow();
      await publishSettings([this.#settingsPath, ...this.#takeOver.awaitedSettings], this.#peers, port);
      if (from) return await this.#takeOver.untilDone();
      if (!isLocal) this.#blocks.start();
      if (this.#failure) throw this.#failure;
    } catch (error) {
      // What cannot be taken over now may be later: its managers go on.
      if (this.#takeOver.isUnderWay) this.abandon();
      else await this.close(JOB_END_MS);
      // What made it stop says more than that it has stopped.
      throw this.#failure ?? error;
    }
  }

  /** Blocks first: managers that come back belong to them. */
  async #prepareTakeOver({ interchange }: DurableState): Promise<void> {
    // From here on it is this run that can be resumed.
    this.#record?.writeNow();
    await endInterchange(this.label, interchange);
    this.#blocks.start();
  }

  abandon(): void {
    this.#interchange.killNow();
    this.#blocks.abandon();
    this.#record?.end();
  }

  /** Before any manager is heard. */
  #onBegan(): void {
    const { from, expected } = this.#takeOver;
    if (from)
      this.#interchange.sendPacked(FrameType.Recover, { managers: [...expected.keys()], tasks: 0, graceMs: RETURN_MS, keepHeld: true });
  }

  // --- what the interchange tells

  #reportEvents(): ReportEvents {
    return {
      registered: (manager) => this.#onRegistered(manager),
      lost: (lost) => void this.#onLost(lost),
      left: (index) => this.#onLeft(index),
      refused: (message) => this.#hindrances.refused(message),
      quarantined: (manager) => this.#hindrances.quarantined(manager),
      released: (manager) => this.#hindrances.released(manager),
      told: (told) => this.#news.told(this.#managers, told),
      load: (load) => void (this.#load = load),
      granted: ({ index, grants }) => this.#tries.given.add(this.#managers.at(index), grants, this.#context.events),
      recovered: (recovered) => this.#onRecovered(recovered),
      log: (level, message, fields) => this.#context.events.log(level, `interchange: ${message}`, fields),
    };
  }

  #onRegistered(manager: RegisteredManager): void {
    this.#managers.add(toKnown(manager, steadyNow()));
    // It may have the time that was missing: that is said anew.
    this.#load = { ...this.#load, timeless: 0 };
    this.#refuseAll(this.#limits.registered(manager, this.#tries));
    this.#record?.changed();
    this.#log('info', `manager ${manager.managerId} on ${manager.host} registered with ${manager.slots} worker(s)`);
    this.#news.registered(manager, manager.slots);
    this.#blocks.managerRegistered(manager.blockId, manager.slots);
  }

  #refuseAll(outcomes: readonly TryOutcome[]): void {
    for (const outcome of outcomes) {
      if (!this.#tries.settle(outcome.taskId, outcome.tryNumber)) continue;
      this.#outbox.cancel(outcome.taskId, outcome.tryNumber);
      this.#context.events.tryEnded(outcome);
    }
  }

  #onLeft(index: number): void {
    const manager = this.#managers.remove(index);
    if (!manager) return;
    this.#record?.changed();
    this.#news.left(manager);
    this.#blocks.managerGone(manager.blockId, 'it left');
  }

  /** Its job's end says how it died: exit code, signal, the end of its stderr. */
  async #onLost(lost: LostManager): Promise<void> {
    this.#managers.remove(lost.index);
    this.#record?.changed();
    this.#log('warn', `manager ${lost.managerId} on ${lost.host} was lost with ${lost.tasks.length} task(s): ${lost.reason}`);
    this.#news.lost(lost);
    this.#blocks.managerGone(lost.blockId, lost.reason);
    // At once: a new interchange must not be given what is as good as ended.
    const ended = lost.tasks.filter((lostTry) => this.#tries.settle(...lostTry));
    if (ended.length === 0) return;
    const body = managerLostBody(lost, await this.#blocks.jobEnd(lost.blockId, JOB_END_MS));
    for (const [taskId, tryNumber] of ended) this.#context.events.tryEnded(lostOutcome(lost, taskId, tryNumber, body));
  }

  /** It takes over what the dead one knew: which managers there are, what is outstanding, what is to be cancelled. */
  #onReplaced(how: string): void {
    this.#log('warn', `the interchange ended (${how}); another is started on the same port`);
    for (const { managerId, blockId } of this.#managers.all) {
      this.#takeOver.expected.set(managerId, blockId);
      this.#blocks.managerGone(blockId, 'the interchange ended; it will register again');
    }
    this.#managers.clear();
    this.#tries.given.clear();
    this.#load = {};
    if (this.#hindrances.paused !== undefined) this.#tellPaused();
    this.#outbox.startAnew();
    const graceMs = Math.min(this.#compiled.heartbeatThresholdMs, MAX_RECOVERY_MS);
    // Those too that have ended meanwhile, or were awaited when this one died: what nobody claims of theirs may have run, and must
    // not go out again under the same number.
    const managers = [...this.#takeOver.expected.keys()];
    const { requests, hasHeld } = this.#tries;
    this.#interchange.sendPacked(FrameType.Recover, {
      managers,
      tasks: requests.size,
      graceMs,
      keepHeld: hasHeld || this.#takeOver.isUnderWay,
    });
    for (const request of requests.values()) this.#outbox.add(request);
    this.#outbox.flush();
    for (const [taskId, tryNumber] of this.#tries.cancelling) this.#outbox.cancel(taskId, tryNumber);
    this.#record?.changed();
  }

  #onRecovered({ managers, missing, requeued, held }: Recovered): void {
    this.#takeOver.expected.clear();
    for (const [taskId, tryNumber] of this.#tries.hold(held)) this.#context.events.tryEnded(forgottenOutcome(taskId, tryNumber));
    this.#record?.writeNow();
    this.#takeOver.done();
    const absent = missing.length === 0 ? '' : `; these did not come back in time: ${missing.join(', ')}`;
    this.#log('info', `the new interchange has ${managers} manager(s), and ${requeued} task(s) to place${absent}`);
  }

  // --- tries

  submit(request: TryRequest): void {
    if (this.#failure) throw this.#failure;
    const refused = this.#limits.refuse(request);
    if (refused) return queueMicrotask(() => this.#context.events.tryEnded(refused));
    // Blocks that were let go come back with the first task, not at the next tick.
    if (this.#tries.requests.size === 0) this.#blocks.workCame();
    this.#takeOver.forget();
    const sent = this.#transport.send(request);
    if (sent && this.#tries.add(sent)) this.#outbox.add(sent);
    else if (sent) this.#tries.given.tell(sent.taskId, sent.tryNumber, this.#context.events);
  }

  neverHas(resources: ResourceRequest): boolean {
    return this.#limits.neverHas(resources);
  }

  holds(taskId: number, tryNumber: number): boolean {
    return this.#tries.holds(taskId, tryNumber);
  }

  #onResults(managerIndex: number, records: Buffer): void {
    const host = this.#managers.hostOf(managerIndex);
    if (managerIndex !== NO_MANAGER) this.#blocks.resultsCame();
    eachResult(records, ({ taskId, tryNumber, status, startMs, durationUs, worker, usage, body }) => {
      // Who is being taken over may have results that no executor of this driver waits for.
      if (!this.#tries.settle(taskId, tryNumber) && !this.#takeOver.isUnderWay) return;
      const name = managerIndex === NO_MANAGER ? '' : this.#managers.workerName(managerIndex, worker);
      this.#transport.ended({ taskId, tryNumber, status, body, host, worker: name, startMs, durationUs, usage });
    });
  }

  cancel(taskId: number, tryNumber: number): void {
    if (!this.#tries.waitsFor(taskId, tryNumber)) return;
    this.#tries.cancel(taskId, tryNumber);
    this.#outbox.cancel(taskId, tryNumber);
  }

  // --- what a person may ask

  status(): ExecutorStatus {
    return statusOf(this.#facts());
  }

  explain(taskId: number): string {
    return explainTask(this.#facts(), taskId);
  }

  #facts(): StatusFacts {
    return {
      label: this.label,
      managers: this.#managers,
      tries: this.#tries,
      waiting: { lanes: this.#load.waiting ?? [], requestIdOf: (resources) => this.#outbox.requestIdOf(resources) },
      blocks: this.#blocks,
      isInterchangeReady: this.#interchange.isReady,
      failure: this.#failure,
      paused: this.#hindrances.paused,
      link: this.#transport.explain(),
    };
  }

  setPaused(why: string | undefined): void {
    this.#hindrances.paused = why;
    this.#tellPaused();
  }

  #tellPaused(): void {
    this.#interchange.sendPacked(FrameType.Event, { kind: 'paused', isPaused: this.#hindrances.paused !== undefined });
  }

  setActive(active: boolean): void {
    this.#interchange.setActive(active);
  }

  // --- the end

  #fail(error: Error): void {
    if (this.#failure || this.#closing) return;
    this.#failure = error;
    this.#context.events.log('error', error.message);
    this.#tries.clear();
    this.#takeOver.failed(error);
    this.#context.events.failed(error);
    this.#interchange.shutDown();
    void this.#blocks.close(JOB_END_MS);
  }

  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    await Promise.all([this.#interchange.close(timeoutMs), this.#blocks.close(timeoutMs)]);
    await this.#transport.close();
    this.#takeOver.forget();
    this.#record?.end();
  }

  killNow(): void {
    this.#interchange.killNow();
    this.#blocks.killNow();
    this.#takeOver.forget();
    this.#record?.end();
  }

  #log(level: 'info' | 'warn' | 'error', message: string): void {
    this.#context.events.log(level, `executor '${this.label}': ${message}`);
  }
}
