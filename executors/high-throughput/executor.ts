/**
 * A started HighThroughputExecutor in the driver: tries out, outcomes in, blocks kept, a dead interchange replaced.
 *
 * Holds each try until its outcome is known, so that a new interchange can be told of all of them. What a loss costs a task is the
 * kernel's to decide.
 */
import { mkdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExecutorFailed, packWireError } from '../../lib/errors/index.ts';
import type { ExecutorContext, ExecutorStatus, RunningExecutor, TryRequest } from '../../lib/executor.ts';
import { FrameType } from '../../lib/wire/frames.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../lib/wire/protocol.ts';
import { readResult, recordEnd, ResultStatus } from '../../lib/wire/records.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import { Blocks } from '../blocks/blocks.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import { type InterchangeEvent, InterchangeProcess } from './interchange-process.ts';
import { KnownManagers } from './managers.ts';
import { writeSettings } from './manager/settings.ts';
import { Outbox } from './outbox.ts';
import { createRunKeys, managerKeysOf, type RunKeys } from './security.ts';
import type { InterchangeSettings } from './interchange/settings.ts';

const NO_MANAGER = 0xffffffff;
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const MANAGER_ENTRY = fileURLToPath(new URL(`./manager/manager-entry${extension}`, import.meta.url));
/** An interchange that dies this often within the window is not replaced again. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
/** How long a lost manager's job is given to say how it ended. */
const JOB_END_MS = 1000;

interface LostManager {
  readonly managerId: string;
  readonly index: number;
  readonly host: string;
  readonly blockId: string;
  readonly lastHeardMs: number;
  readonly reason: string;
  readonly tasks: readonly (readonly [taskId: number, tryNumber: number])[];
}

export class HighThroughput implements RunningExecutor {
  readonly label: string;
  readonly #compiled: CompiledHighThroughput;
  readonly #context: ExecutorContext;
  readonly #directory: string;
  readonly #outstanding = new Map<number, TryRequest>();
  readonly #defined = new Set<number>();
  readonly #managers = new KnownManagers();
  readonly #blocks: Blocks;
  readonly #outbox: Outbox;
  /** undefined: not encrypted. */
  readonly #keys: RunKeys | undefined;
  #interchange: InterchangeProcess | undefined;
  #port = 0;
  #active = false;
  #closing: Promise<void> | undefined;
  #failure: Error | undefined;
  #deaths: number[] = [];
  #hasWork = false;

  constructor(compiled: CompiledHighThroughput, context: ExecutorContext, directory: string) {
    this.label = compiled.label;
    this.#compiled = compiled;
    this.#context = context;
    this.#directory = directory;
    this.#keys = compiled.encrypted ? createRunKeys() : undefined;
    this.#outbox = new Outbox((frame, priority) => this.#interchange?.sendTasks(frame, priority));
    this.#blocks = this.#createBlocks();
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
      load: () => ({ outstanding: this.#outstanding.size }),
      onFail: (error) => this.#fail(error),
      onDrain: (block) => this.#interchange?.sendPacked(FrameType.Drain, { block }),
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

  get #settingsPath(): string {
    return join(this.#directory, 'keys', 'manager.json');
  }

  /** @throws ExecutorFailed if the interchange cannot be started. */
  async start(): Promise<void> {
    this.#port = await this.#startInterchange(0);
    mkdirSync(join(this.#directory, 'keys'), { mode: 0o700 });
    this.#writeManagerSettings();
    this.#blocks.start();
  }

  #writeManagerSettings(): void {
    const c = this.#compiled;
    writeSettings(this.#settingsPath, {
      runId: this.#context.runId,
      label: this.label,
      addresses: this.#addresses(),
      port: this.#port,
      curve: this.#keys ? managerKeysOf(this.#keys) : null,
      heartbeatPeriodMs: c.heartbeatPeriodMs,
      heartbeatThresholdMs: c.heartbeatThresholdMs,
      probeTimeoutMs: c.addressProbeTimeoutMs,
      coresPerWorker: c.coresPerWorker,
      memPerWorkerBytes: c.memPerWorkerBytes ?? null,
      maxWorkersPerNode: Number.isFinite(c.maxWorkersPerNode) ? c.maxWorkersPerNode : null,
      cpuAffinity: c.cpuAffinity,
      accelerators: c.accelerators,
      cwd: c.workingDir ?? this.#context.workingDirectory,
      env: c.env,
      storeDir: this.#context.storeDir,
      logRoot: c.workerLogdirRoot ?? this.#directory,
      nodePath: c.nodePath ?? process.execPath,
      python: c.python ?? null,
      debug: c.workerDebug,
    });
  }

  /** Where managers look for the interchange: what the config says, else this machine's loopback address, else all its addresses. */
  #addresses(): string[] {
    const { address, loopbackAddress, provider } = this.#compiled;
    if (address !== undefined) return [address];
    if (provider.isLocal) return [loopbackAddress ?? '127.0.0.1'];
    return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter(({ internal }) => !internal).map((found) => found.address));
  }

  // --- the interchange

  /** @param port 0: any of the configured range. @returns the port that it listens on. */
  async #startInterchange(port: number): Promise<number> {
    const started = Promise.withResolvers<number>();
    const interchange = new InterchangeProcess(join(this.#directory, 'interchange.log'), {
      results: (index, records) => this.#onResults(index, records),
      event: (event) => {
        if (event.kind === 'ready') started.resolve(event.port as number);
        else if (event.kind === 'failed') started.reject(new ExecutorFailed(this.label, `its interchange cannot start: ${event.message}`));
        else this.#onEvent(event);
      },
      ended: ({ code, signal }) => {
        started.reject(new ExecutorFailed(this.label, `its interchange ended while it started (${signal ?? `exit code ${code}`}); see ${this.#directory}/interchange.log`));
        this.#onInterchangeEnded(interchange, code, signal);
      },
    });
    this.#interchange = interchange;
    interchange.setActive(true);
    interchange.sendPacked(FrameType.Event, { kind: 'settings', settings: this.#interchangeSettings(port) });
    try {
      return await started.promise;
    } finally {
      interchange.setActive(this.#active);
    }
  }

  #interchangeSettings(port: number): InterchangeSettings {
    const c = this.#compiled;
    const isLoopback = c.provider.isLocal && c.address === undefined;
    const fixed = port || (c.workerPort ?? 0);
    return {
      runId: this.#context.runId,
      addresses: [isLoopback ? (c.loopbackAddress ?? '127.0.0.1') : '0.0.0.0'],
      ...(fixed ? { port: fixed } : { portRange: c.workerPortRange }),
      ...(this.#keys ? { curve: { server: this.#keys.server, clients: [this.#keys.client.publicKey] } } : {}),
      heartbeatPeriodMs: c.heartbeatPeriodMs,
      heartbeatThresholdMs: c.heartbeatThresholdMs,
      prefetchCapacity: c.prefetchCapacity,
      managerSelector: c.managerSelector,
      protocol: PROTOCOL_VERSION,
      packageVersion: PACKAGE_VERSION,
    };
  }

  #onInterchangeEnded(interchange: InterchangeProcess, code: number | null, signal: string | null): void {
    if (this.#closing || this.#failure || interchange !== this.#interchange || this.#port === 0) return;
    const how = signal ?? `exit code ${code}`;
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.#deaths.length > MAX_RESTARTS) {
      const reason = `its interchange died ${this.#deaths.length} times within ${RESTART_WINDOW_MS / 1000} s, the last time by ${how}; see ${this.#directory}/interchange.log`;
      return this.#fail(new ExecutorFailed(this.label, reason));
    }
    this.#log('warn', `the interchange ended (${how}); starting another on the same port`);
    void this.#recover();
  }

  async #recover(): Promise<void> {
    const managers = this.#managers.ids;
    this.#managers.clear();
    try {
      await this.#startInterchange(this.#port);
    } catch (error) {
      return this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    const graceMs = Math.min(this.#compiled.heartbeatThresholdMs, 30_000);
    this.#interchange?.sendPacked(FrameType.Recover, { managers, tasks: this.#outstanding.size, graceMs });
    this.#defined.clear();
    for (const request of this.#outstanding.values()) this.#post(request);
    this.#outbox.flush();
  }

  #onEvent(event: InterchangeEvent): void {
    switch (event.kind) {
      case 'managerRegistered':
        return this.#onRegistered(event as unknown as { managerId: string; index: number; host: string; blockId: string; slots: number });
      case 'managerLost':
        return void this.#onLost(event as unknown as LostManager);
      case 'managerLeft':
        return this.#onLeft(event.index as number);
      case 'managerRefused':
        return this.#log('error', `manager ${event.managerId} on ${event.host} was refused: ${event.message}`);
      case 'log':
        return this.#context.events.log(event.level as 'info', String(event.message), event.fields as Record<string, unknown>);
      default:
        return this.#log('info', `interchange: ${JSON.stringify(event)}`);
    }
  }

  #onRegistered(manager: { managerId: string; index: number; host: string; blockId: string; slots: number }): void {
    this.#managers.add(manager);
    this.#log('info', `manager ${manager.managerId} on ${manager.host} registered with ${manager.slots} worker(s)`);
    this.#blocks.managerRegistered(manager.blockId, manager.slots);
  }

  #onLeft(index: number): void {
    const manager = this.#managers.remove(index);
    if (manager) this.#blocks.managerGone(manager.blockId, 'it left');
  }

  /** Its job's end says how it died: exit code, signal, the end of its stderr. */
  async #onLost(lost: LostManager): Promise<void> {
    this.#managers.remove(lost.index);
    this.#log('warn', `manager ${lost.managerId} on ${lost.host} was lost with ${lost.tasks.length} task(s): ${lost.reason}`);
    this.#blocks.managerGone(lost.blockId, lost.reason);
    const job = await this.#blocks.jobEnd(lost.blockId, JOB_END_MS);
    const body = packWireError({
      kind: 'manager-lost',
      name: 'ManagerLost',
      message: '',
      fields: {
        host: lost.host,
        managerId: lost.managerId,
        lastHeartbeat: lost.lastHeardMs,
        exitCode: job?.exitCode ?? null,
        signal: job?.signal ?? null,
        stderrTail: job?.stderrTail ?? '',
      },
    });
    for (const [taskId, tryNumber] of lost.tasks) {
      if (this.#outstanding.get(taskId)?.tryNumber !== tryNumber) continue;
      this.#outstanding.delete(taskId);
      const worker = `block ${lost.blockId}, ${lost.host}`;
      this.#context.events.tryEnded({ taskId, tryNumber, status: ResultStatus.Lost, body, host: lost.host, worker, startMs: 0, durationUs: 0 });
    }
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
      this.#interchange?.send(FrameType.Define, id, fn.definition);
    }
    this.#outbox.add(request);
  }

  #onResults(managerIndex: number, records: Buffer): void {
    const host = this.#managers.hostOf(managerIndex);
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const { taskId, tryNumber, status, startMs, durationUs, worker, body } = readResult(records, at);
      // A try that was declared lost, or a result that is repeated.
      if (this.#outstanding.get(taskId)?.tryNumber !== tryNumber) continue;
      this.#outstanding.delete(taskId);
      const name = managerIndex === NO_MANAGER ? '' : this.#managers.workerName(managerIndex, worker);
      this.#context.events.tryEnded({ taskId, tryNumber, status, body, host, worker: name, startMs, durationUs });
    }
    if (this.#outstanding.size === 0) this.#hasWork = false;
  }

  cancel(taskId: number, tryNumber: number): void {
    this.#outbox.flush();
    const pair = Buffer.allocUnsafe(8);
    pair.writeUInt32LE(taskId, 0);
    pair.writeUInt32LE(tryNumber, 4);
    this.#interchange?.send(FrameType.Cancel, pair);
  }

  status(): ExecutorStatus {
    const { count, workers } = this.#managers;
    const outstanding = this.#outstanding.size;
    const running = Math.min(workers, outstanding);
    const waitingFor = count === 0 ? { waitingFor: `no manager has registered; ${this.#blocks.status()}` } : {};
    return { label: this.label, workers, queued: outstanding - running, running, ...waitingFor };
  }

  explain(): string {
    const { workers, queued, running, waitingFor } = this.status();
    if (this.#failure) return this.#failure.message;
    if (waitingFor !== undefined) return `at executor '${this.label}': ${waitingFor}`;
    return `at executor '${this.label}': running, or queued behind others (${running} of ${workers} worker(s) busy, ${queued} queued)`;
  }

  setActive(active: boolean): void {
    this.#active = active;
    this.#interchange?.setActive(active);
  }

  // --- the end

  #fail(error: Error): void {
    if (this.#failure || this.#closing) return;
    this.#failure = error;
    this.#outstanding.clear();
    this.#context.events.failed(error);
    this.#interchange?.send(FrameType.Shutdown);
    void this.#blocks.close(JOB_END_MS);
  }

  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#interchange?.setActive(true);
    this.#interchange?.send(FrameType.Shutdown);
    await Promise.all([this.#blocks.close(timeoutMs), this.#interchange?.waitForEnd(timeoutMs)]);
  }

  killNow(): void {
    this.#interchange?.killNow();
    this.#blocks.killNow();
  }

  #log(level: 'info' | 'warn' | 'error', message: string): void {
    this.#context.events.log(level, `executor '${this.label}': ${message}`);
  }
}
