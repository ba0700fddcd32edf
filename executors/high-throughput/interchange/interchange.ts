/**
 * The shell around the interchange core: turns frames and messages into events, and effects into frames and messages.
 *
 * Everything that one turn of the event loop brings is told to the core first and placed at its end, so that one message
 * carries many tasks. Owns the life of the process: it ends with its driver, and tells the managers.
 */
import { unpack } from 'msgpackr/unpack';
import { setLongTimeout } from '../../../lib/long-timeout.ts';
import { FrameType } from '../../../lib/wire/frames.ts';
import { decodeFromManager, encodeToManager } from '../link-messages.ts';
import { type Core, createCore, step } from './core.ts';
import type { CoreEvent, Effect, Report } from './core-events.ts';
import { toDriverEvent } from './driver-frames.ts';
import { DriverSocket } from './driver-socket.ts';
import { toManagerEvent } from './from-manager.ts';
import { Limit, limitLog, type Log } from './limited-log.ts';
import { ManagerSocket } from './manager-socket.ts';
import { sendToManager } from './manager-frames.ts';
import type { InterchangeSettings } from './settings.ts';
import type { InterchangeStats } from './stats.ts';
import { type Batch, WrittenResults } from './written-results.ts';
import { startZap, type ZapHandler } from './zap.ts';

/** How long managers may take to say that they left. */
const GOODBYE_MS = 500;

/** Workers that start and end are few; more than this is a manager gone wild. */
const FACTS_PER_STRETCH = 2000;
const MAX_FACT_BYTES = 4096;
const REFUSALS_PER_STRETCH = 20;

/** Milliseconds since the epoch that never jump. */
const now = (): number => performance.timeOrigin + performance.now();

export class Interchange {
  readonly #driver: DriverSocket;
  readonly #log: Log;
  #core: Core | undefined;
  #managers: ManagerSocket | undefined;
  #zap: ZapHandler | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #turnPlanned = false;
  #lookPlanned = false;
  #leaving = false;
  #orphanGraceMs = 0;
  #driverKeeps = false;
  readonly #written = new WrittenResults();
  /** undefined: nobody asks for them. */
  readonly #stats: InterchangeStats | undefined;
  readonly #facts = new Limit(FACTS_PER_STRETCH, now);
  readonly #refusals = new Limit(REFUSALS_PER_STRETCH, now);

  constructor(fd: number, stats?: InterchangeStats) {
    this.#stats = stats;
    this.#driver = new DriverSocket(fd, {
      frame: (type, body) => this.#fromDriver(type, body),
      batchEnded: () => this.#endTurnSoon(),
      ended: (reason) => this.#onDriverEnded(reason),
    });
    this.#log = limitLog((level, message, fields) => {
      this.#driver.event({ kind: 'log', level, message, fields });
      this.#endTurnSoon();
    }, now);
  }

  #fromDriver(type: number, body: Buffer): void {
    if (this.#core === undefined) return this.#begin(type, body);
    if (type === FrameType.Kept) return this.#onKept(body.readUInt32LE(0));
    if (type === FrameType.Shutdown) return this.#leave(body.length > 0 ? body.toString() : 'the driver is done');
    const event = toDriverEvent(type, body, now());
    if (typeof event === 'string') this.#log('error', event, { type, bytes: body.length });
    else this.#tell(event);
  }

  /** Tasks that are queued or running go on for the grace, though nobody hears of them. */
  #onDriverEnded(reason: string): void {
    setLongTimeout(() => this.#leave(reason), this.#orphanGraceMs);
  }

  /** The first frame holds the settings. */
  #begin(type: number, body: Buffer): void {
    const first = type === FrameType.Event ? (unpack(body) as { kind?: unknown; settings?: InterchangeSettings }) : undefined;
    if (first?.kind !== 'settings' || first.settings === undefined)
      throw new Error(`the driver's first frame has type ${type}; settings were expected`);
    const { settings } = first;
    this.#orphanGraceMs = settings.orphanGraceMs ?? 0;
    this.#driverKeeps = settings.driverKeeps ?? false;
    this.#core = createCore({ ...settings, pick: (n) => Math.floor(Math.random() * n) });
    this.#open(settings).catch((error: Error) => this.#fail(error.message));
  }

  async #open(settings: InterchangeSettings): Promise<void> {
    if (settings.curve !== undefined) this.#zap = await startZap(settings.curve.clients, this.#log);
    this.#managers = await ManagerSocket.bind(
      settings,
      {
        message: (id, parts) => this.#fromManager(id, parts),
        unreachable: (manager) => this.#tell({ kind: 'unreachable', manager }),
        failed: (error) => this.#fail(`the socket that managers dial failed: ${error.message}`),
      },
      this.#log,
    );
    if (this.#leaving) return this.#close();
    void this.#managers.receiveAll();
    const { heartbeatPeriodMs, heartbeatThresholdMs } = settings;
    this.#ticker = setInterval(
      () => this.#tell({ kind: 'tick', at: now() }),
      Math.max(10, Math.min(heartbeatPeriodMs, heartbeatThresholdMs / 4, 1000)),
    );
    this.#stats?.ready();
    this.#driver.event({ kind: 'ready', port: this.#managers.port, pid: process.pid });
    this.#endTurnSoon();
  }

  #fromManager(id: string, parts: Buffer[]): void {
    const message = decodeFromManager(parts);
    if (message?.type === FrameType.Probe) {
      this.#managers?.send(id, encodeToManager(FrameType.ProbeReply, 0, 0, message.parts));
      return;
    }
    if (message?.type === FrameType.Event) return this.#forward(id, message.parts);
    const event = message === undefined ? 'too short for a message' : toManagerEvent(id, message, now());
    if (typeof event === 'string') this.#log('warn', `a message from a manager makes no sense: ${event}`, { manager: id });
    else this.#tell(event);
    if (this.#leaving && this.#core?.managers.size === 0) this.#close();
  }

  /** Facts about workers and the like: nothing here depends on them. Strangers are not listened to. */
  #forward(managerId: string, [fact]: readonly Buffer[]): void {
    if (fact === undefined || !this.#core?.managers.has(managerId)) return;
    if (fact.length > MAX_FACT_BYTES || this.#facts.take(managerId) === undefined)
      return this.#log('warn', 'a manager tells too much of its workers; it is not passed on', { manager: managerId, bytes: fact.length });
    this.#driver.event({ kind: 'managerTold', managerId, fact });
    this.#endTurnSoon();
  }

  #tell(event: CoreEvent): void {
    if (this.#core === undefined) return;
    this.#perform(step(this.#core, event));
    if (event.kind === 'tasksArrived') this.#stats?.arrived(this.#core.queue.length, now());
    this.#endTurnSoon();
  }

  #endTurnSoon(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => {
      this.#turnPlanned = false;
      this.#endTurn();
    });
  }

  #endTurn(): void {
    if (this.#core !== undefined) {
      this.#perform(step(this.#core, { kind: 'turnEnded', at: now() }));
      this.#stats?.turnEnded(this.#core.queue.length, now(), this.#turnPlanned);
    }
    const batch = this.#written.take();
    if (batch !== undefined && this.#driverKeeps) this.#driver.mark(this.#written.awaitConfirmation(batch));
    this.#driver.flush(() => {
      if (batch !== undefined && !this.#driverKeeps) this.#acknowledge(batch);
    });
  }

  #lookAgain(inMs: number): void {
    if (this.#lookPlanned) return;
    this.#lookPlanned = true;
    setTimeout(() => {
      this.#lookPlanned = false;
      this.#endTurnSoon();
    }, inMs);
  }

  #onKept(mark: number): void {
    for (const batch of this.#written.confirmed(mark)) this.#acknowledge(batch);
  }

  #acknowledge(batch: Batch): void {
    if (this.#core === undefined) return;
    for (const [manager, sequence] of batch) this.#perform(step(this.#core, { kind: 'resultsWritten', manager, sequence }));
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'forwardResults':
          this.#driver.results(effect.managerIndex, effect.records);
          break;
        case 'acknowledgeWhenWritten':
          this.#written.add(effect.manager, effect.sequence);
          break;
        case 'lookAgain':
          this.#lookAgain(effect.inMs);
          break;
        case 'placeMore':
          this.#endTurnSoon();
          break;
        case 'emit':
          this.#emit(effect.report);
          break;
        case 'log':
          this.#log(effect.level, effect.message, effect.fields);
          break;
        default:
          if (this.#managers !== undefined) sendToManager(this.#managers, effect);
      }
    }
  }

  #emit(report: Report): void {
    // Who is refused may try again as often as it likes.
    if (report.kind !== 'managerRefused' || this.#refusals.take(report.kind) !== undefined) this.#driver.event(report);
  }

  #leave(reason: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#stats?.leaving();
    setTimeout(() => this.#close(), GOODBYE_MS);
    this.#tell({ kind: 'shutdown', reason });
    if (this.#core === undefined || this.#core.managers.size === 0) this.#close();
  }

  #fail(message: string): void {
    if (this.#leaving) return this.#close();
    this.#leaving = true;
    this.#driver.event({ kind: 'failed', message });
    this.#driver.flush(() => this.#close(1));
  }

  #close(exitCode = 0): void {
    clearInterval(this.#ticker);
    this.#managers?.close();
    this.#zap?.close();
    this.#driver.flush(() => {});
    this.#stats?.write();
    process.exit(exitCode);
  }
}
