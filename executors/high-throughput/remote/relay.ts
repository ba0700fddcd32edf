/**
 * The driver's end of the relay: starts it on the login node, connects what it hands on with the interchange here, and starts another
 * on the same port when it is gone. Managers notice nothing but a silence.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelCommand, RemoteChannel } from '../../../lib/channel.ts';
import { ExecutorFailed } from '../../../lib/errors/engine-errors.ts';
import { Mux } from './mux.ts';
import type { RelayHello, RelayOptions } from './relay-entry.ts';

const HELLO_MS = 30_000;
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 5000;

export interface RelayPlan {
  /** The executor's. */
  readonly label: string;
  readonly channel: RemoteChannel;
  /** @returns what starts a relay there. */
  command(options: RelayOptions): ChannelCommand['argv'];
  readonly ports: readonly [low: number, high: number];
  readonly pidFile: string;
  /** How often the relay hears that the driver is there. */
  readonly periodMs: number;
  log(level: 'info' | 'warn', message: string): void;
}

export class Relay {
  readonly #plan: RelayPlan;
  readonly #stop = new AbortController();
  #interchangePort = 0;
  #hello: RelayHello | undefined;
  #mux: Mux | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #lostAt: number | undefined;
  #reason = '';

  constructor(plan: RelayPlan) {
    this.#plan = plan;
  }

  /** @param interchangePort on the loopback address. @throws ExecutorFailed if no relay can be started. */
  async start(interchangePort: number): Promise<RelayHello> {
    this.#interchangePort = interchangePort;
    try {
      this.#hello = await this.#startOne(this.#plan.ports);
    } catch (error) {
      const { label, channel } = this.#plan;
      throw new ExecutorFailed(label, `no relay could be started on ${channel.name}: ${(error as Error).message}`, { cause: error });
    }
    return this.#hello;
  }

  /** Why managers hear nothing, if they do not. */
  explain(): string | undefined {
    if (this.#lostAt === undefined) return undefined;
    return `${this.#plan.channel.name} has been out of reach since ${new Date(this.#lostAt).toISOString()}: ${this.#reason}`;
  }

  close(): void {
    this.#stop.abort();
    clearInterval(this.#pulse);
    this.#mux?.close();
  }

  async #startOne(ports: readonly [number, number]): Promise<RelayHello> {
    const { channel, command, pidFile, periodMs } = this.#plan;
    let stderr = '';
    const stream = await channel.talk(command({ ports, pidFile, silenceMs: 4 * periodMs }), (text) => (stderr += text));
    const hello = Promise.withResolvers<RelayHello>();
    const mux: Mux = new Mux(stream, {
      opened: () => this.#dial(),
      note: (value) => (isHello(value) ? hello.resolve(value) : hello.reject(new Error('what it said first is not what a relay says'))),
      ended: (reason) => {
        hello.reject(new Error(stderr.trim() || reason));
        if (mux === this.#mux) this.#onLost(stderr.trim() || reason);
      },
    });
    const timer = setTimeout(() => mux.close(), HELLO_MS);
    this.#pulse = setInterval(() => mux.note('here'), periodMs);
    this.#pulse.unref();
    try {
      const answer = await hello.promise;
      this.#mux = mux;
      if (this.#stop.signal.aborted) mux.close();
      return answer;
    } catch (error) {
      clearInterval(this.#pulse);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What fails is closed, and the manager tries again. */
  #dial(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#interchangePort, noDelay: true });
    socket.unref();
    return socket;
  }

  #onLost(reason: string): void {
    clearInterval(this.#pulse);
    this.#mux = undefined;
    if (this.#stop.signal.aborted) return;
    this.#lostAt = Date.now();
    this.#reason = reason;
    const { channel, log } = this.#plan;
    log('warn', `the connection to ${channel.name} was cut (${reason}); managers keep their results, and it is opened again`);
    void this.#restore();
  }

  async #restore(): Promise<void> {
    const { channel, log } = this.#plan;
    const { port } = this.#hello as RelayHello;
    for (let tries = 0; !this.#stop.signal.aborted; tries++) {
      try {
        await this.#startOne([port, port]);
        const seconds = Math.round((Date.now() - (this.#lostAt ?? 0)) / 1000);
        this.#lostAt = undefined;
        return log('info', `the connection to ${channel.name} is back, after ${seconds} s`);
      } catch (error) {
        this.#reason = (error as Error).message;
        const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** tries);
        await delay(restMs, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
      }
    }
  }
}

/** The other machine may say anything. */
function isHello(value: unknown): value is RelayHello {
  if (typeof value !== 'object' || value === null) return false;
  const { host, port, addresses } = value as Partial<Record<keyof RelayHello, unknown>>;
  const isPort = Number.isInteger(port) && (port as number) > 0 && (port as number) <= 0xffff;
  return typeof host === 'string' && isPort && Array.isArray(addresses) && addresses.every((each) => typeof each === 'string');
}
