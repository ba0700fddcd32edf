/**
 * A started HighThroughputExecutor in the driver: tries out, outcomes in, blocks kept, a new interchange told what the dead one knew.
 *
 * Holds each try until its outcome is known. What a loss costs a task is the kernel's to decide.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutorContext, ExecutorStatus, RunningExecutor, TryRequest } from '../../lib/executor.ts';
import { FrameType } from '../../lib/wire/frames.ts';
import { readResult, recordEnd } from '../../lib/wire/records.ts';
import { tellManager, tellWorker } from '../../lib/kernel/channels.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import { Blocks } from '../blocks/blocks.ts';
import { toWorkerEvent, unpackChange } from '../workers/worker-change.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import { InterchangeKeeper } from './interchange-keeper.ts';
import type { InterchangeEvent } from './interchange-process.ts';
import { type LostManager, lostOutcome, managerLostBody } from './manager-loss.ts';
import { type KnownManager, KnownManagers } from './managers.ts';
import { writeSettings } from './manager/settings.ts';
import { Outbox } from './outbox.ts';
import { interchangeSettings, managerSettings, type PeerSettingsSource } from './peer-settings.ts';
import { createRunKeys } from './security.ts';
import { describePlace } from './waiting-text.ts';

const NO_MANAGER = 0xffffffff;
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const MANAGER_ENTRY = fileURLToPath(new URL(`./manager/manager-entry${extension}`, import.meta.url));
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
  readonly #outstanding = new Map<number, TryRequest>();
  /** Tries that are to be cancelled: task → try. */
  /** Managers that the next interchange has to wait for, while it has not said that it has recovered. */
  readonly #expected = new Set<string>();
  readonly #cancelling = new Map<number, number>();
  readonly #defined = new Set<number>();
  readonly #managers = new KnownManagers();
  readonly #interchange: InterchangeKeeper;
  readonly #blocks: Blocks;
  readonly #outbox: Outbox;
  #closing: Promise<void> | undefined;
  #failure: Error | undefined;
  /** Why the latest manager was refused. */
  #refusal: string | undefined;
  #hasWork = false;
  /** Tasks in flight, as the interchange said last. */
  #perBlock: ReadonlyMap<string, number> | undefined;

  /** @param directory `runinfo/NNN/<label>`; must exist. */
  constructor(compiled: CompiledHighThroughput, context: ExecutorContext, directory: string) {
    this.label = compiled.label;
    this.#compiled = compiled;
    this.#context = context;
    this.#peers = { compiled, context, directory, keys: compiled.encrypted ? createRunKeys() : undefined };
    this.#settingsPath = join(directory, 'keys', 'manager.json');
    this.#interchange = this.#createKeeper(join(directory, 'interchange.log'));
    this.#outbox = new Outbox((frame, priority) => this.#interchange.sendTasks(frame, priority));
    this.#blocks = this.#createBlocks();
  }

  #createKeeper(logPath: string): InterchangeKeeper {
    return new InterchangeKeeper({
      label: this.label,
      logPath,
      settings: (port) => interchangeSettings(this.#peers, port),
      results: (index, records) => this.#onResults(index, records),
      event: (event) => this.#onEvent(event),
      replaced: (how) => this.#onReplaced(how),
      failed: (error) => this.#fail(error),
    });
  }

  #createBlocks(): Blocks {
    const { provider, blockErrorHandler } = this.#compiled;
    const { runId, runDir, workingDirectory, strategy, events } = this.#context;
    return new Blocks({
      label: this.label,
      provider,
      context: { runId, runDir, workingDirectory, log: events.log },
      command: () => this.#managerCommand(),
      env: {},
      load: () => ({ outstanding: this.#outstanding.size, perBlock: this.#perBlock }),
      onFail: (error) => this.#fail(error),
      onDrain: (block) => this.#interchange.sendPacked(FrameType.Drain, { block }),
      onEnded: (block) => this.#interchange.sendPacked(FrameType.Event, { kind: 'blockEnded', block }),
      strategy: strategy.name,
      strategyPeriodMs: strategy.periodMs,
      maxIdleTimeMs: strategy.maxIdleTimeMs,
      errorHandler: blockErrorHandler,
    });
  }

  #managerCommand(): string {
    const node = this.#compiled.nodePath ?? process.execPath;
    return [node, '--disable-warning=ExperimentalWarning', MANAGER_ENTRY, this.#settingsPath].map(quoteForShell).join(' ');
  }

  /** @throws ExecutorFailed if the interchange cannot be started; what the provider throws. Nothing is left of it then. */
  async start(): Promise<void> {
    const { isLocal } = this.#compiled.provider;
    mkdirSync(dirname(this.#settingsPath), { mode: 0o700 });
    try {
      // A manager of this machine comes up beside the interchange and waits for its settings; a scheduler is asked when all is ready.
      if (isLocal) this.#blocks.start();
      const port = await this.#interchange.start();
      writeSettings(this.#settingsPath, managerSettings(this.#peers, port));
      if (!isLocal) this.#blocks.start();
      if (this.#failure) throw this.#failure;
    } catch (error) {
      await this.close(JOB_END_MS);
      // What made it stop says more than that it has stopped.
      throw this.#failure ?? error;
    }
  }

  // --- what the interchange tells

  #onEvent(event: InterchangeEvent): void {
    switch (event.kind) {
      case 'managerRegistered':
        return this.#onRegistered(event as unknown as { managerId: string; index: number; host: string; blockId: string; slots: number });
      case 'managerLost':
        return void this.#onLost(event as unknown as LostManager);
      case 'managerLeft':
        return this.#onLeft(event.index as number);
      case 'managerRefused':
        return this.#onRefused(String(event.message));
      case 'managerTold':
        return this.#onTold(event as unknown as { managerId: string; fact: Buffer });
      case 'load':
        this.#perBlock = new Map(Object.entries(event.perBlock as Record<string, number>));
        return;
      case 'log':
        return this.#context.events.log(event.level as 'info', `interchange: ${event.message}`, event.fields as Record<string, unknown>);
      case 'recovered':
        return this.#onRecovered(event as unknown as { managers: number; missing: readonly string[]; requeued: number });
      default:
        return this.#log('info', `interchange: ${JSON.stringify(event)}`);
    }
  }

  #onRegistered(manager: { managerId: string; index: number; host: string; blockId: string; slots: number }): void {
    this.#managers.add(manager);
    this.#refusal = undefined;
    this.#log('info', `manager ${manager.managerId} on ${manager.host} registered with ${manager.slots} worker(s)`);
    tellManager({ kind: 'managerRegistered', ...this.#placeOf(manager), workers: manager.slots });
    this.#blocks.managerRegistered(manager.blockId, manager.slots);
  }

  #onTold({ managerId, fact }: { managerId: string; fact: Buffer }): void {
    const manager = this.#managers.all.find((known) => known.managerId === managerId);
    const change = unpackChange(fact);
    if (manager && change) tellWorker(toWorkerEvent(change, { executor: this.label, manager: managerId, host: manager.host }));
  }

  #placeOf({ managerId, host, blockId }: Pick<KnownManager, 'managerId' | 'host' | 'blockId'>) {
    return { executor: this.label, manager: managerId, host, block: blockId };
  }

  #onLeft(index: number): void {
    const manager = this.#managers.remove(index);
    if (!manager) return;
    tellManager({ kind: 'managerLeft', ...this.#placeOf(manager), reason: '' });
    this.#blocks.managerGone(manager.blockId, 'it left');
  }

  #onRefused(message: string): void {
    this.#refusal = message;
    this.#log('error', `a manager was refused: ${message}`);
    tellManager({ kind: 'managerRefused', executor: this.label, reason: message });
  }

  /** Its job's end says how it died: exit code, signal, the end of its stderr. */
  async #onLost(lost: LostManager): Promise<void> {
    this.#managers.remove(lost.index);
    this.#log('warn', `manager ${lost.managerId} on ${lost.host} was lost with ${lost.tasks.length} task(s): ${lost.reason}`);
    tellManager({ kind: 'managerLost', ...this.#placeOf(lost), reason: lost.reason });
    this.#blocks.managerGone(lost.blockId, lost.reason);
    // At once: a new interchange must not be given what is as good as ended.
    const ended = lost.tasks.filter(([taskId, tryNumber]) => this.#settle(taskId, tryNumber));
    if (ended.length === 0) return;
    const body = managerLostBody(lost, await this.#blocks.jobEnd(lost.blockId, JOB_END_MS));
    for (const [taskId, tryNumber] of ended) this.#context.events.tryEnded(lostOutcome(lost, taskId, tryNumber, body));
  }

  // --- another interchange

  /** It takes over what the dead one knew: which managers there are, what is outstanding, what is to be cancelled. */
  #onReplaced(how: string): void {
    this.#log('warn', `the interchange ended (${how}); another is started on the same port`);
    for (const { managerId, blockId } of this.#managers.all) {
      this.#expected.add(managerId);
      this.#blocks.managerGone(blockId, 'the interchange ended; it will register again');
    }
    this.#managers.clear();
    this.#perBlock = undefined;
    this.#outbox.discard();
    this.#defined.clear();
    const graceMs = Math.min(this.#compiled.heartbeatThresholdMs, MAX_RECOVERY_MS);
    // Those too that have ended meanwhile, or were awaited when this one died: what nobody claims of theirs may have run, and must
    // not go out again under the same number.
    const managers = [...this.#expected];
    this.#interchange.sendPacked(FrameType.Recover, { managers, tasks: this.#outstanding.size, graceMs });
    for (const request of this.#outstanding.values()) this.#post(request);
    this.#outbox.flush();
    for (const [taskId, tryNumber] of this.#cancelling) this.#sendCancel(taskId, tryNumber);
  }

  #onRecovered({ managers, missing, requeued }: { managers: number; missing: readonly string[]; requeued: number }): void {
    this.#expected.clear();
    const absent = missing.length === 0 ? '' : `; these did not come back in time: ${missing.join(', ')}`;
    this.#log('info', `the new interchange has ${managers} manager(s), and ${requeued} task(s) to place${absent}`);
  }

  // --- tries

  submit(request: TryRequest): void {
    if (this.#failure) throw this.#failure;
    this.#outstanding.set(request.taskId, request);
    this.#post(request);
    if (!this.#hasWork) this.#noticeWork();
  }

  /** Blocks that were let go come back with the first task, not at the next tick. */
  #noticeWork(): void {
    this.#hasWork = true;
    queueMicrotask(() => this.#blocks.tick());
  }

  #post(request: TryRequest): void {
    const { fn } = request;
    if (!this.#defined.has(fn.fnId)) {
      this.#defined.add(fn.fnId);
      const id = Buffer.allocUnsafe(4);
      id.writeUInt32LE(fn.fnId, 0);
      this.#interchange.send(FrameType.Define, id, fn.definition);
    }
    this.#outbox.add(request);
  }

  #onResults(managerIndex: number, records: Buffer): void {
    const host = this.#managers.hostOf(managerIndex);
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { taskId, tryNumber, status, startMs, durationUs, worker, usage, body } = readResult(records, at);
      if (!this.#settle(taskId, tryNumber)) continue;
      const name = managerIndex === NO_MANAGER ? '' : this.#managers.workerName(managerIndex, worker);
      this.#context.events.tryEnded({ taskId, tryNumber, status, body, host, worker: name, startMs, durationUs, usage });
    }
  }

  /** @returns whether the try's outcome is still wanted: not if it was declared lost, or if this is a repetition. */
  #settle(taskId: number, tryNumber: number): boolean {
    if (this.#outstanding.get(taskId)?.tryNumber !== tryNumber) return false;
    this.#outstanding.delete(taskId);
    if (this.#outstanding.size === 0) this.#hasWork = false;
    if (this.#cancelling.size > 0) this.#cancelling.delete(taskId);
    return true;
  }

  cancel(taskId: number, tryNumber: number): void {
    if (this.#outstanding.get(taskId)?.tryNumber !== tryNumber) return;
    this.#cancelling.set(taskId, tryNumber);
    this.#outbox.flush();
    this.#sendCancel(taskId, tryNumber);
  }

  #sendCancel(taskId: number, tryNumber: number): void {
    const pair = Buffer.allocUnsafe(8);
    pair.writeUInt32LE(taskId, 0);
    pair.writeUInt32LE(tryNumber, 4);
    this.#interchange.send(FrameType.Cancel, pair);
  }

  // --- what a person may ask

  status(): ExecutorStatus {
    const { workers } = this.#managers;
    const outstanding = this.#outstanding.size;
    const running = Math.min(workers, outstanding);
    const waitingFor = this.#waitsFor();
    return { label: this.label, workers, queued: outstanding - running, running, ...(waitingFor === undefined ? {} : { waitingFor }) };
  }

  /** Why nothing runs; undefined if something may. */
  #waitsFor(): string | undefined {
    if (!this.#interchange.isReady) return 'the interchange ended, and another is being started';
    if (this.#managers.count > 0) return undefined;
    const refused = this.#refusal === undefined ? '' : `; the last one was refused: ${this.#refusal}`;
    return `no manager is registered${refused}; ${this.#blocks.status()}`;
  }

  explain(taskId: number): string {
    const where = this.#failure?.message ?? this.#waitsFor() ?? describePlace(taskId, this.#outstanding, this.#managers.workers);
    return `at executor '${this.label}': ${where}${this.#cancelling.has(taskId) ? '; it is being cancelled' : ''}`;
  }

  setActive(active: boolean): void {
    this.#interchange.setActive(active);
  }

  // --- the end

  #fail(error: Error): void {
    if (this.#failure || this.#closing) return;
    this.#failure = error;
    this.#context.events.log('error', error.message);
    this.#outstanding.clear();
    this.#cancelling.clear();
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
  }

  killNow(): void {
    this.#interchange.killNow();
    this.#blocks.killNow();
  }

  #log(level: 'info' | 'warn' | 'error', message: string): void {
    this.#context.events.log(level, `executor '${this.label}': ${message}`);
  }
}
