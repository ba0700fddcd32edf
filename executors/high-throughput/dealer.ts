/** The managers' kind of ZeroMQ socket, and finding out which address of the interchange works. */
import { Dealer } from 'zeromq';
import { FrameType } from '../../lib/wire/frames.ts';
import { decodeToManager, encodeFromManager } from './link-messages.ts';
import { localEndpoint } from './local-name.ts';
import type { ManagerKeys } from './security.ts';

export interface DealerOptions {
  readonly curve?: ManagerKeys;
  /** Its routing id; absent: the interchange makes one up. */
  readonly identity?: string;
  readonly address: string;
  readonly port: number;
}

/** Sends never wait: unsent messages queue in memory, and are dropped when it is closed. */
export function connectDealer({ curve, identity, address }: DealerOptions): Dealer {
  const dealer = new Dealer({
    linger: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    sendTimeout: 0,
    ...(identity === undefined ? {} : { routingId: identity }),
  });
  dealer.ipv6 = address.includes(':');
  if (curve !== undefined) {
    dealer.curveServerKey = curve.serverKey;
    dealer.curvePublicKey = curve.publicKey;
    dealer.curveSecretKey = curve.secretKey;
  }
  return dealer;
}

/** @param address of a machine, or the name of a socket on this one, which has no port. */
export const endpointOf = (address: string, port: number): string =>
  localEndpoint(address) ?? `tcp://${address.includes(':') ? `[${address}]` : address}:${port}`;

export interface ProbeOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly curve?: ManagerKeys;
  readonly timeoutMs: number;
}

/**
 * Asks at all addresses at the same time.
 * @returns the first that answers.
 * @throws Error naming all of them if none does.
 */
export async function findAddress({ addresses, port, curve, timeoutMs }: ProbeOptions): Promise<string> {
  const dealers: Dealer[] = [];
  try {
    return await Promise.any(
      addresses.map((address) => {
        const dealer = connectDealer({ address, port, ...(curve === undefined ? {} : { curve }) });
        dealers.push(dealer);
        return probe(dealer, address, port, timeoutMs);
      }),
    );
  } catch {
    throw unreachable(addresses, port, timeoutMs);
  } finally {
    for (const dealer of dealers) dealer.close();
  }
}

async function probe(dealer: Dealer, address: string, port: number, timeoutMs: number): Promise<string> {
  dealer.receiveTimeout = timeoutMs;
  dealer.connect(endpointOf(address, port));
  await dealer.send(encodeFromManager(FrameType.Probe, 0));
  const reply = decodeToManager(await dealer.receive());
  if (reply?.type !== FrameType.ProbeReply) throw new Error(`${address} answered with a frame of type ${reply?.type}`);
  return address;
}

export function unreachable(addresses: readonly string[], port: number, timeoutMs: number): Error {
  const endpoints = addresses.map((address) => endpointOf(address, port));
  const isHere = endpoints.every((endpoint) => endpoint.startsWith('ipc:'));
  return new Error(
    `no answer from the interchange within ${timeoutMs} ms at ${endpoints.join(', ')}. ${isHere ? CHECK_HERE : CHECK}, and see that the keys are those of this run.`,
  );
}

const CHECK =
  "Check that this node can reach the driver's machine there (firewall, interface), set the executor's `address` to one that nodes can reach";
const CHECK_HERE =
  'That is a socket in the network namespace of the driver: where managers have a network of their own, as in some containers, ' +
  "set the executor's `address` to one of the driver's machine that they can reach";
