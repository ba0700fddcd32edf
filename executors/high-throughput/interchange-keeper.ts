/**
 * Keeps an interchange there: starts one, and another on the same port when it dies, until that happens too often.
 * Does not know what has to be told to a new one; executor.ts does.
 */
import { ExecutorFailed } from '../../lib/errors/index.ts';
import { hintAtAbort } from '../../lib/errors/message-parts.ts';
import type { ProcessIdentity } from '../../lib/process-identity.ts';
import { FrameType } from '../../lib/wire/frames.ts';
import { type InterchangeEvent, type InterchangeHandlers, InterchangeProcess } from './interchange-process.ts';
import type { InterchangeSettings } from './interchange/settings.ts';

/** An interchange that dies more often than this within the window is not replaced again. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
/** Short of threads, Node waits for ever. On a shared disk that many read from at once, a start takes its time. */
const START_TIMEOUT_MS = 120_000;

export interface KeeperOptions {
  /** The executor's. */
  readonly label: string;
  readonly logPath: string;
  /** @param port 0 for the first one, else the port that it has to take. */
  settings(port: number): InterchangeSettings;
  results(managerIndex: number, records: Buffer): void;
  event(event: InterchangeEvent): void;
  /** There is another process, and it has been told nothing: without its settings it ends when the driver does. */
  spawned(): void;
  /** The first one is being started; what it has to know beside its settings can be sent to it now. */
  began(): void;
  /** One has died (`how`) and the next is being started; what it has to know can be sent to it at once. */
  replaced(how: string): void;
  failed(error: ExecutorFailed): void;
  /** One that does not listen by then never will, and is killed. Default 2 minutes. */
  readonly startTimeoutMs?: number;
}

type Exit = { readonly code: number | null; readonly signal: string | null };

export class InterchangeKeeper {
  readonly #options: KeeperOptions;
  #current: InterchangeProcess | undefined;
  /** Of the first one; 0 until it is known. */
  #port = 0;
  #deaths: number[] = [];
  #active = false;
  /** Whether its end is what is wanted. */
  #ending = false;
  #ready = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Whether there is one that listens. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** That managers dial; 0 until the first one listens. */
  get port(): number {
    return this.#port;
  }

  /** Of the one that there is. */
  get identity(): ProcessIdentity | undefined {
    return this.#current?.identity;
  }

  /**
   * @param port that it has to take; 0: as the settings say.
   * @returns the port that it listens on.
   * @throws ExecutorFailed if it cannot be started.
   */
  async start(port: number): Promise<number> {
    const starting = this.#startOne(port);
    this.#options.began();
    this.#port = await starting;
    return this.#port;
  }

  async #startOne(port: number): Promise<number> {
    const { label, logPath, results, settings, startTimeoutMs = START_TIMEOUT_MS } = this.#options;
    const started = Promise.withResolvers<number>();
    let isOverdue = false;
    const interchange: InterchangeProcess = this.#spawn({
      results,
      event: (event) => {
        if (event.kind === 'ready') started.resolve(event.port as number);
        else if (event.kind !== 'failed') this.#options.event(event);
        else if (!this.#ready) started.reject(this.#giveUp(`its interchange cannot start: ${event.message}`));
      },
      ended: (exit) => {
        const how = isOverdue ? `it was not ready after ${startTimeoutMs / 1000} s, and was ended${HUNG}` : describeExit(exit);
        started.reject(new ExecutorFailed(label, `its interchange ended while it started (${how}); see ${logPath}`));
        if (interchange === this.#current) this.#onEnded(exit);
      },
    });
    const overdue = setTimeout(() => {
      isOverdue = true;
      interchange.killNow();
    }, startTimeoutMs);
    this.#current = interchange;
    this.#ready = false;
    this.#options.spawned();
    interchange.setActive(true);
    interchange.sendPacked(FrameType.Event, { kind: 'settings', settings: settings(port) });
    try {
      const bound = await started.promise;
      this.#ready = true;
      return bound;
    } finally {
      clearTimeout(overdue);
      interchange.setActive(this.#active);
    }
  }

  /** @throws ExecutorFailed if there is no process: the executor has failed then. */
  #spawn(handlers: InterchangeHandlers): InterchangeProcess {
    try {
      return new InterchangeProcess(this.#options.logPath, handlers);
    } catch (error) {
      throw this.#giveUp(`its interchange cannot be started: ${(error as Error).message}`);
    }
  }

  #onEnded(exit: Exit): void {
    if (this.#ending || this.#port === 0) return;
    const how = describeExit(exit);
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.#deaths.length > MAX_RESTARTS) return void this.#giveUp(this.#tooOften(how));
    // One that ends while it starts comes here again; one that says why it cannot start ends the executor.
    this.#startOne(this.#port).catch(() => undefined);
    if (!this.#ending) this.#options.replaced(how);
  }

  #tooOften(how: string): string {
    const { length } = this.#deaths;
    return `its interchange died ${length} times within ${RESTART_WINDOW_MS / 1000} s, the last time by ${how}; see ${this.#options.logPath}`;
  }

  #giveUp(reason: string): ExecutorFailed {
    const error = new ExecutorFailed(this.#options.label, reason);
    this.#ending = true;
    // Before there was a first one, whoever starts the executor is told.
    if (this.#port !== 0) this.#options.failed(error);
    return error;
  }

  send(type: FrameType, ...parts: Uint8Array[]): void {
    this.#current?.send(type, ...parts);
  }

  sendPacked(type: FrameType, value: unknown): void {
    this.#current?.sendPacked(type, value);
  }

  sendTasks(frame: Buffer, priority: number): void {
    this.#current?.sendTasks(frame, priority);
  }

  /** Whether it keeps the driver's process alive. */
  setActive(active: boolean): void {
    this.#active = active;
    this.#current?.setActive(active);
  }

  /** Tells it to end, and the managers with it. */
  shutDown(): void {
    this.#ending = true;
    this.send(FrameType.Shutdown);
  }

  /** It is killed if its end takes longer than `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.shutDown();
    this.#current?.setActive(true);
    await this.#current?.waitForEnd(timeoutMs);
  }

  killNow(): void {
    this.#ending = true;
    this.#current?.killNow();
  }
}

const HUNG = ': a limit of processes that it needs threads of (ulimit -u, or pids.max of the job), or a disk that hangs';

const describeExit = ({ code, signal }: Exit): string => `${signal ?? `exit code ${code}`}${hintAtAbort(code, signal)}`;
