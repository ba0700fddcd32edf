/**
 * The manager's end of the ZeroMQ link: the shell around the pure manager-session.ts.
 *
 * Owns the socket, the timers and batching results per turn of the event loop. Must not be used in a worker thread: ending one
 * with a pending receive aborts the process. Knows nothing of workers.
 */
import { pack } from 'msgpackr/pack';
import { unpack } from 'msgpackr/unpack';
import type { Dealer } from 'zeromq';
import { FrameType } from '../../lib/wire/frames.ts';
import { connectDealer, endpointOf, findAddress, unreachable } from './dealer.ts';
import type { Try } from './interchange/core-events.ts';
import { encodeRegistration } from './interchange/registration.ts';
import { decodeToManager, encodeFromManager, type ToManagerMessage } from './link-messages.ts';
import {
  createSession,
  type SelfDescription,
  type Session,
  type SessionEffect,
  type SessionEvent,
  stepSession,
} from './manager-session.ts';
import type { NodeCapacity } from './resources/capacity.ts';
import type { SlotLease, TaskGrant } from './resources/grant.ts';
import { triesIn, withoutReleases } from './result-frames.ts';
import type { ManagerKeys } from './security.ts';

/** Results beyond this many bytes are not held back for the end of the turn. */
const FLUSH_BYTES = 256 << 10;
/** How long leaving waits for the interchange to confirm it. */
const GOODBYE_MS = 500;
/** For a last word to get out of a socket that is closed. */
const LINGER_MS = 100;

/** What the manager says of itself; further fields are handed to the driver. */
export interface LinkRegistration {
  readonly protocol: number;
  readonly version: string;
  readonly blockId: string;
  readonly host: string;
  readonly slots: number;
  /** For how long it can let tasks run, ms; absent: no end is known. */
  readonly timeLeftMs?: number | undefined;
  /** Every try that was delivered and whose result was not yet given to `sendResults`. */
  readonly held: readonly Try[];
  readonly capacity?: NodeCapacity | undefined;
  /** Slots that serve tasks without a request; absent: all. */
  readonly leased?: readonly number[] | undefined;
  /** Of those in `held` that run with one. */
  readonly grants?: readonly TaskGrant[] | undefined;
  readonly [more: string]: unknown;
}

export interface ManagerLinkEvents {
  /** A whole number of task records; a view of the message. */
  tasks(records: Buffer): void;
  /** Tasks to be run at once with what each was given, in the same order. */
  granted?(grants: readonly TaskGrant[], records: Buffer): void;
  lease?(lease: SlotLease): void;
  define(fnId: number, definition: Buffer): void;
  cancel(tries: readonly Try[]): void;
  /** Others have time for so many tasks that have not been started. */
  /** Of tries of another node's manager: whatever they have left here is to be ended, and each to be answered by a result. */
  clear?(tries: readonly Try[]): void;
  recall(count: number): void;
  /** No new tasks will come; a `shutdown` follows when all results are in. */
  drain(): void;
  shutdown(reason: string): void;
  /** Another version; the message names both and the remedy. */
  refused(message: string): void;
  /** The interchange has been silent for too long. */
  lost(reason: string): void;
}

export interface ManagerLinkOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Absent: not encrypted. */
  readonly curve?: ManagerKeys;
  /** Unique among all managers there ever were; at most 255 ASCII characters. */
  readonly identity: string;
  readonly probeTimeoutMs: number;
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  readonly registration: () => LinkRegistration;
  readonly on: ManagerLinkEvents;
}

const now = (): number => performance.timeOrigin + performance.now();

export class ManagerLink {
  readonly #options: ManagerLinkOptions;
  readonly #session: Session;
  readonly #joined = Promise.withResolvers<void>();
  readonly #goodbye = Promise.withResolvers<void>();
  #dealer: Dealer | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #flushing: NodeJS.Immediate | undefined;
  #leaving = false;
  #closed = false;

  constructor(options: ManagerLinkOptions) {
    this.#options = options;
    const { heartbeatPeriodMs, heartbeatThresholdMs } = options;
    this.#session = createSession({ heartbeatPeriodMs, heartbeatThresholdMs, describe: () => this.#describe() });
  }

  /**
   * Connects and registers; done when the interchange has answered, be it with a refusal.
   * @throws Error naming the addresses if none answers within `probeTimeoutMs`.
   */
  async start(): Promise<void> {
    const { addresses, port, probeTimeoutMs, curve, identity } = this.#options;
    const withCurve = curve === undefined ? {} : { curve };
    const [only] = addresses;
    const address =
      addresses.length === 1 && only !== undefined ? only : await findAddress({ addresses, port, timeoutMs: probeTimeoutMs, ...withCurve });
    if (this.#closed) return;
    this.#dealer = connectDealer({ address, port, identity, ...withCurve });
    this.#watchConnections(this.#dealer);
    this.#dealer.connect(endpointOf(address, port));
    void this.#receiveAll(this.#dealer);
    this.#tell({ kind: 'start', at: now() });
    this.#startTicking();
    const timeout = setTimeout(() => this.#joined.reject(unreachable([address], port, probeTimeoutMs)), probeTimeoutMs);
    try {
      await this.#joined.promise;
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Whole result records. Sent at the end of the turn, kept until the driver has them. */
  sendResults(parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.#pending.push(part);
      this.#pendingBytes += part.length;
    }
    if (this.#pendingBytes > FLUSH_BYTES) this.#flush();
    else this.#flushing ??= setImmediate(() => this.#flush());
  }

  /** Asks for no more tasks; the interchange says `shutdown` when all results are in. */
  announceDrain(): void {
    this.#send(encodeFromManager(FrameType.Drain, 0));
  }

  /** Something that the driver may want to know; lost if the connection is just then. MessagePack. */
  tell(fact: unknown): void {
    this.#send(encodeFromManager(FrameType.Event, 0, [pack(fact)]));
  }

  /** Sends what is left, says goodbye and closes. Idempotent, bounded in time. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    const isRegistered = this.#session.state === 'registered';
    this.#leaving = true;
    this.#send(encodeFromManager(FrameType.Left, 0));
    if (isRegistered) await this.#waitForGoodbye();
    this.#closed = true;
    clearInterval(this.#ticker);
    if (this.#dealer === undefined) return;
    this.#dealer.linger = LINGER_MS;
    this.#dealer.close();
  }

  async #waitForGoodbye(): Promise<void> {
    const timeout = setTimeout(this.#goodbye.resolve, GOODBYE_MS);
    await this.#goodbye.promise;
    clearTimeout(timeout);
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#pending.length === 0) return;
    const parts = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#tell({ kind: 'resultsReady', parts });
  }

  #describe(): SelfDescription {
    const registration = this.#options.registration();
    const { protocol, version, blockId, host, slots, timeLeftMs, capacity, leased, grants } = registration;
    const resources = { ...(capacity && { capacity }), ...(leased && { leased }), ...(grants && { grants }) };
    // As those that were sent: it says itself which slots are leased.
    this.#pending = this.#pending.map(withoutReleases);
    const info = Object.fromEntries(Object.entries(registration).filter(([name]) => !DESCRIBED.has(name)));
    // Results that wait for the end of the turn are held, too.
    const held = [...registration.held, ...triesIn(this.#pending)];
    return { protocol, version, blockId, host, slots, ...(timeLeftMs === undefined ? {} : { timeLeftMs }), held, ...resources, info };
  }

  #startTicking(): void {
    const { heartbeatPeriodMs, heartbeatThresholdMs } = this.#options;
    this.#ticker = setInterval(
      () => this.#tell({ kind: 'tick', at: now() }),
      Math.max(10, Math.min(heartbeatPeriodMs, heartbeatThresholdMs / 4, 1000)),
    );
  }

  /** Every connection after the first: what was on its way in the one before may be lost. */
  #watchConnections(dealer: Dealer): void {
    let connections = 0;
    dealer.events.on('handshake', () => {
      if (++connections > 1 && !this.#closed) this.#tell({ kind: 'reconnected', at: now() });
    });
  }

  async #receiveAll(dealer: Dealer): Promise<void> {
    while (!this.#closed) {
      try {
        const message = decodeToManager(await dealer.receive());
        const event = message === undefined ? undefined : toSessionEvent(message, now());
        if (event === undefined) continue;
        this.#tell(event);
      } catch (error) {
        if (this.#closed) return;
        this.#endWith((on) => on.lost(`the socket to the interchange failed: ${(error as Error).message}`));
        return;
      }
    }
  }

  #tell(event: SessionEvent): void {
    for (const effect of stepSession(this.#session, event)) this.#perform(effect);
  }

  #perform(effect: SessionEffect): void {
    const { on } = this.#options;
    switch (effect.kind) {
      case 'sendResults':
        return this.#send(encodeFromManager(FrameType.Results, effect.sequence, effect.parts));
      case 'deliverTasks':
        for (const part of effect.parts) on.tasks(part);
        return;
      case 'deliverGranted':
        return on.granted?.(effect.grants, effect.records);
      case 'deliverLease':
        return on.lease?.(effect.lease);
      case 'deliverDefine':
        return on.define(effect.fnId, effect.bytes);
      case 'deliverCancel':
        return on.cancel(toTries(effect.pairs));
      case 'deliverClear':
        return on.clear?.(toTries(effect.pairs));
      case 'deliverRecall':
        return on.recall(effect.count);
      case 'deliverDrain':
        return on.drain();
      case 'sendHeartbeat':
        return this.#send(encodeFromManager(FrameType.Heartbeat, effect.sequence));
      case 'sendRegister':
        return this.#send(encodeFromManager(FrameType.Register, 0, [encodeRegistration(effect.registration)]));
      case 'joined':
        return this.#joined.resolve();
      case 'refused':
        return this.#endWith(() => on.refused(effect.message));
      case 'shutdown':
        return this.#endWith(() => on.shutdown(effect.reason));
      case 'lost':
        return this.#endWith(() => on.lost(effect.reason));
    }
  }

  #endWith(report: (on: ManagerLinkEvents) => void): void {
    clearInterval(this.#ticker);
    this.#joined.resolve();
    this.#goodbye.resolve();
    if (!this.#leaving) report(this.#options.on);
  }

  #send(parts: Buffer[]): void {
    if (this.#closed || this.#dealer === undefined) return;
    // Nothing is dropped silently by a failed send: the interchange sees a gap, or hears nothing.
    this.#dealer.send(parts).catch(() => undefined);
  }
}

const DESCRIBED: ReadonlySet<string> = new Set([
  'protocol',
  'version',
  'blockId',
  'host',
  'slots',
  'timeLeftMs',
  'held',
  'capacity',
  'leased',
  'grants',
]);

/** @returns undefined for what this version does not know. */
function toSessionEvent({ type, number, acknowledged, parts }: ToManagerMessage, at: number): SessionEvent | undefined {
  switch (type) {
    case FrameType.Tasks:
      return { kind: 'tasks', number, acknowledged, parts, at };
    case FrameType.Granted:
      return { kind: 'granted', number, acknowledged, ...splitGranted(joined(parts)), at };
    case FrameType.Lease:
      return { kind: 'lease', number, acknowledged, lease: unpack(joined(parts)) as SlotLease, at };
    case FrameType.Heartbeat:
      return { kind: 'heartbeat', number, acknowledged, at };
    case FrameType.Define: {
      const body = joined(parts);
      return { kind: 'define', number, acknowledged, fnId: body.readUInt32LE(0), bytes: body.subarray(4), at };
    }
    case FrameType.Cancel:
      return { kind: 'cancel', number, acknowledged, pairs: joined(parts), at };
    case FrameType.Clear:
      return { kind: 'clear', number, acknowledged, pairs: joined(parts), at };
    case FrameType.Recall:
      return { kind: 'recall', number, acknowledged, count: joined(parts).readUInt32LE(0), at };
    case FrameType.Drain:
      return { kind: 'drain', number, acknowledged, at };
    case FrameType.Registered: {
      const { attempt, received } = unpack(joined(parts)) as { attempt: number; received: number };
      return { kind: 'registered', number, acknowledged, attempt, received, at };
    }
    case FrameType.WhoAreYou:
      return { kind: 'whoAreYou', at };
    case FrameType.Refused:
      return { kind: 'refused', message: joined(parts).toString(), at };
    case FrameType.Shutdown:
      return { kind: 'shutdown', reason: joined(parts).toString(), at };
    default:
      return undefined;
  }
}

function splitGranted(body: Buffer): { grants: readonly TaskGrant[]; records: Buffer } {
  const end = 4 + body.readUInt32LE(0);
  return { grants: unpack(body.subarray(4, end)) as TaskGrant[], records: body.subarray(end) };
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));

function toTries(pairs: Buffer): Try[] {
  const tries: Try[] = [];
  for (let at = 0; at + 8 <= pairs.length; at += 8) tries.push([pairs.readUInt32LE(at), pairs.readUInt32LE(at + 4)]);
  return tries;
}
