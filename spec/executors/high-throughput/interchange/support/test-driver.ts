/**
 * The driver's end of a real interchange process, and managers over real links in this process, for specs and benches.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { pack, unpack } from 'msgpackr';
import type { InterchangeSettings } from '../../../../../executors/high-throughput/interchange/settings.ts';
import { ManagerLink, type ManagerLinkOptions } from '../../../../../executors/high-throughput/manager-link.ts';
import { createRunKeys, managerKeysOf, type RunKeys } from '../../../../../executors/high-throughput/security.ts';
import { encodeFrame, FrameReader, FrameType } from '../../../../../lib/wire/frames.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../../../../lib/wire/protocol.ts';
import { encodeResult, readResult, recordEnd, type ResultRecord, ResultStatus } from '../../../../../lib/wire/records.ts';
import { waitUntil } from './wait-until.ts';

const ENTRY = fileURLToPath(new URL('../../../../../executors/high-throughput/interchange/interchange-entry.ts', import.meta.url));

export interface DriverEvent {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export class TestDriver {
  readonly keys: RunKeys = createRunKeys();
  readonly events: DriverEvent[] = [];
  readonly results: (ResultRecord & { readonly manager: number })[] = [];
  readonly settings: InterchangeSettings;
  /** Called instead of keeping results. */
  onResults: ((records: Buffer) => void) | undefined;
  port = 0;
  readonly process: ChildProcess;
  readonly #socket: Socket;

  constructor(settings: Partial<InterchangeSettings> & { encrypted?: boolean; keys?: RunKeys } = {}) {
    const { encrypted = true, keys = this.keys, ...others } = settings;
    this.keys = keys;
    this.settings = {
      runId: 'spec',
      addresses: ['127.0.0.1'],
      heartbeatPeriodMs: 100,
      heartbeatThresholdMs: 2000,
      prefetchCapacity: 'auto',
      quarantineMs: 60_000,
      managerSelector: 'random',
      protocol: PROTOCOL_VERSION,
      packageVersion: PACKAGE_VERSION,
      ...(encrypted ? { curve: { server: keys.server, clients: [keys.client.publicKey] } } : {}),
      ...others,
    };
    this.process = spawn(process.execPath, [...(process.env['INTERCHANGE_FLAGS']?.split(' ') ?? []), ENTRY], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      detached: true,
    });
    this.#socket = this.process.stdio[3] as Socket;
    const reader = new FrameReader();
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk, (type, body) => this.#take(type, body)));
    this.#socket.on('error', () => undefined);
    this.send(FrameType.Event, pack({ kind: 'settings', settings: this.settings }));
  }

  static async start(settings: ConstructorParameters<typeof TestDriver>[0] = {}): Promise<TestDriver> {
    const driver = new TestDriver(settings);
    driver.port = (await driver.event('ready'))['port'] as number;
    return driver;
  }

  send(type: FrameType, ...body: Buffer[]): void {
    this.#socket.write(encodeFrame(type, ...body));
  }

  tasks(records: Buffer, priority = 0): void {
    const head = Buffer.alloc(2);
    head.writeInt16LE(priority);
    this.send(FrameType.Tasks, head, records);
  }

  define(fnId: number, definition = 'a definition'): void {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(fnId);
    this.send(FrameType.Define, head, Buffer.from(definition));
  }

  /** The first event of the kind, whether it has come or is to come. */
  async event(kind: string, matches: (event: DriverEvent) => boolean = () => true): Promise<DriverEvent> {
    const find = (): DriverEvent | undefined => this.events.find((event) => event.kind === kind && matches(event));
    await waitUntil(
      () => find() !== undefined,
      () => `no event ${kind} came; there were ${JSON.stringify(this.events)}`,
    );
    return find() as DriverEvent;
  }

  /** The driver is gone. */
  disconnect(): void {
    this.#socket.destroy();
  }

  async exit(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.exit();
  }

  /** Options of a link to this interchange; it answers every task at once. */
  linkOptions(options: Partial<ManagerLinkOptions> & { slots?: number } = {}): ManagerLinkOptions {
    const { slots = 2, ...others } = options;
    return {
      addresses: ['127.0.0.1'],
      port: this.port,
      identity: `m${nextManager++}`,
      probeTimeoutMs: 5000,
      heartbeatPeriodMs: 100,
      heartbeatThresholdMs: 2000,
      ...(this.settings.curve === undefined ? {} : { curve: managerKeysOf(this.keys) }),
      registration: () => ({ protocol: PROTOCOL_VERSION, version: PACKAGE_VERSION, blockId: '0', host: 'here', slots, held: [] }),
      on: silentEvents,
      ...others,
    };
  }

  #take(type: number, body: Buffer): void {
    if (type === FrameType.Event) this.events.push(unpack(body) as DriverEvent);
    else if (type === FrameType.Results && this.onResults !== undefined) this.onResults(body.subarray(4));
    else if (type === FrameType.Results) {
      const manager = body.readUInt32LE(0);
      for (let at = 4; at < body.length; at = recordEnd(body, at)) this.results.push({ ...readResult(body, at), manager });
    }
  }
}

let nextManager = 1;

export const silentEvents: ManagerLinkOptions['on'] = {
  tasks: () => undefined,
  define: () => undefined,
  cancel: () => undefined,
  recall: () => undefined,
  drain: () => undefined,
  shutdown: () => undefined,
  refused: () => undefined,
  lost: () => undefined,
};

/** A manager that keeps its tasks until told to answer them. */
export class TestManager {
  readonly link: ManagerLink;
  readonly held: { readonly taskId: number; readonly tryNumber: number; readonly fnId: number; readonly body: Buffer }[] = [];
  readonly defined: number[] = [];
  readonly cancelled: (readonly [number, number])[] = [];
  /** `recall: …`, `drain`, `shutdown: …`, `refused: …`, `lost: …`. */
  readonly heard: string[] = [];
  readonly identity: string;

  constructor(driver: TestDriver, options: Partial<ManagerLinkOptions> & { slots?: number; blockId?: string; version?: string } = {}) {
    const { blockId = '0', version = PACKAGE_VERSION, slots = 2, ...others } = options;
    const full = driver.linkOptions({
      registration: () => ({
        protocol: PROTOCOL_VERSION,
        version,
        blockId,
        host: 'here',
        slots,
        pid: process.pid,
        held: this.held.map(({ taskId, tryNumber }) => [taskId, tryNumber] as const),
      }),
      on: {
        tasks: (records) => this.#take(records),
        define: (fnId) => void this.defined.push(fnId),
        cancel: (tries) => void this.cancelled.push(...tries),
        recall: (count) => void this.heard.push(`recall: ${count}`),
        drain: () => void this.heard.push('drain'),
        shutdown: (reason) => void this.heard.push(`shutdown: ${reason}`),
        refused: (message) => void this.heard.push(`refused: ${message}`),
        lost: (reason) => void this.heard.push(`lost: ${reason}`),
      },
      ...others,
    });
    this.identity = full.identity;
    this.link = new ManagerLink(full);
  }

  static async start(driver: TestDriver, options: ConstructorParameters<typeof TestManager>[1] = {}): Promise<TestManager> {
    const manager = new TestManager(driver, options);
    await manager.link.start();
    return manager;
  }

  #take(records: Buffer): void {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      this.held.push({
        taskId: records.readUInt32LE(at + 4),
        fnId: records.readUInt32LE(at + 8),
        tryNumber: records.readUInt16LE(at + 12),
        body: records.subarray(at + 20, recordEnd(records, at)),
      });
    }
  }

  /** Ends the oldest `count` tasks that it holds. */
  answer(count: number, options: { status?: ResultStatus; durationUs?: number; body?: Buffer } = {}): void {
    const { status = ResultStatus.Ok, durationUs = 10, body = Buffer.from('ok') } = options;
    const records = this.held
      .splice(0, count)
      .map(({ taskId, tryNumber, fnId }) =>
        encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs: Date.now(), worker: 0 }, body),
      );
    this.link.sendResults(records);
  }
}
