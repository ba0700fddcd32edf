/**
 * The socket that managers dial: a ZeroMQ ROUTER.
 *
 * Sends never wait and never drop in silence: no high-water mark, and what cannot be routed is told (`mandatory`). A manager
 * that reconnects takes its identity over (`handover`). Knows identities and parts, not what is in them.
 */
import { Router } from 'zeromq';
import { MAX_FRAME_BYTES } from '../../../lib/wire/frames.ts';
import { endpointOf } from '../dealer.ts';
import type { Log } from './limited-log.ts';
import { RoutingIds } from './routing-ids.ts';
import type { InterchangeSettings } from './settings.ts';

/** Goes on to the driver as one frame, behind the index of the manager. Larger ones end the connection before anything is allocated. */
const MAX_PART_BYTES = MAX_FRAME_BYTES - 1 - 4;

export interface ManagerSocketEvents {
  /** `id`: the sender's routing id as latin1 text. */
  message(id: string, parts: Buffer[]): void;
  unreachable(id: string): void;
  failed(error: Error): void;
}

export class ManagerSocket {
  readonly port: number;
  readonly #router: Router;
  readonly #events: ManagerSocketEvents;
  readonly #routingIds = new RoutingIds();
  #closed = false;

  private constructor(router: Router, port: number, events: ManagerSocketEvents) {
    this.#router = router;
    this.port = port;
    this.#events = events;
  }

  /** @throws Error naming the addresses and ports tried. */
  static async bind(settings: InterchangeSettings, events: ManagerSocketEvents, log: Log): Promise<ManagerSocket> {
    const tried: string[] = [];
    for (const port of portsToTry(settings)) {
      const router = createRouter(settings);
      watchHandshakes(router, log);
      try {
        return new ManagerSocket(router, await bindAll(router, settings, port), events);
      } catch (error) {
        router.close();
        tried.push((error as Error).message);
      }
    }
    throw new Error(
      `no port could be bound on ${settings.addresses.join(', ')}; ${summarize(tried)}. Choose another port or range (workerPort, workerPortRange).`,
    );
  }

  async receiveAll(): Promise<void> {
    while (!this.#closed) {
      try {
        const [routingId, ...parts] = await this.#router.receive();
        if (routingId !== undefined) this.#events.message(routingId.toString('latin1'), parts);
      } catch (error) {
        if (!this.#closed) this.#events.failed(error as Error);
        return;
      }
    }
  }

  send(id: string, parts: Buffer[]): void {
    if (this.#closed) return;
    this.#router.send([this.#routingIds.of(id), ...parts]).catch((error: NodeJS.ErrnoException) => {
      if (this.#closed) return;
      if (error.code === 'EHOSTUNREACH') this.#events.unreachable(id);
      else this.#events.failed(error);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#router.close();
  }
}

/** Connections that wait to be taken: managers of a large job all dial at once, and one that finds no room tries again only after seconds. */
const BACKLOG = 4096;

function createRouter({ addresses, curve }: InterchangeSettings): Router {
  // A send timeout of 0: each send is done or refused at once, so that one peer cannot hold up the others.
  const router = new Router({ mandatory: true, handover: true, sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0, sendTimeout: 0 });
  router.backlog = BACKLOG;
  router.maxMessageSize = MAX_PART_BYTES;
  router.ipv6 = addresses.some((address) => address.includes(':'));
  if (curve !== undefined) {
    router.curveServer = true;
    router.curvePublicKey = curve.server.publicKey;
    router.curveSecretKey = curve.server.secretKey;
    router.zapDomain = 'flotilla';
  }
  return router;
}

function portsToTry({ port, portRange }: InterchangeSettings): number[] {
  if (port !== undefined) return [port];
  if (portRange === undefined) return [0];
  const [first, last] = portRange;
  const count = Math.max(0, last - first + 1);
  // Runs that start together should not all try the same ports.
  const start = Math.floor(Math.random() * count);
  return Array.from({ length: count }, (_, i) => first + ((start + i) % count));
}

/** Binds the first address, and the others to the port that it got. */
async function bindAll(router: Router, { addresses, localName }: InterchangeSettings, port: number): Promise<number> {
  let bound = port;
  for (const address of addresses) {
    await router.bind(`tcp://${address.includes(':') ? `[${address}]` : address}:${bound === 0 ? '*' : bound}`);
    bound = Number(router.lastEndpoint?.split(':').at(-1));
  }
  if (localName !== undefined) await router.bind(endpointOf(localName, bound));
  return bound;
}

function summarize(errors: readonly string[]): string {
  const shown = errors.slice(0, 3).join('; ');
  return errors.length > 3 ? `${shown}; and ${errors.length - 3} more` : shown;
}

/** Strangers (no ZeroMQ, plain, another server key) fail in their handshake; that is worth a line. */
function watchHandshakes(router: Router, log: Log): void {
  for (const type of ['handshake:error:protocol', 'handshake:error:auth', 'handshake:error:other'] as const) {
    router.events.on(type, (event) => {
      const { address, error } = event as { address?: string; error?: Error };
      log('warn', 'a connection was turned away in its handshake', { address, error: error?.message });
    });
  }
}
