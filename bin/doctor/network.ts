/**
 * Whether managers can reach this machine: its addresses, a free port, the loopback.
 */
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { addressByRoute } from '../../configs/addresses.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import type { Check, Wanted } from './check.ts';

const CONNECT_MS = 3000;

export async function checkNetwork({ ports }: Wanted): Promise<Check[]> {
  return [
    addressCheck(),
    await checkHostname(),
    await checkLoopback(),
    await checkOwnAddress(),
    ...(await Promise.all(ports.map(checkPorts))),
  ].flat();
}

function addressCheck(): Check {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.filter(({ internal }) => !internal).map(({ address }) => `${address} (${name})`),
  );
  const check = { group: 'network', name: 'addresses' } as const;
  if (all.length > 0) return { ...check, status: 'ok', found: all.join(', ') };
  return {
    ...check,
    status: 'optional',
    found: 'the loopback only',
    neededFor: 'managers on other machines',
    remedy: 'none is needed for this machine alone',
  };
}

async function checkHostname(): Promise<Check> {
  const check = { group: 'network', name: 'host name' } as const;
  try {
    const { address } = await lookup(hostname());
    return { ...check, status: 'ok', found: `${hostname()} is ${address}` };
  } catch (error) {
    const found = `${hostname()} cannot be looked up (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    return {
      ...check,
      status: 'optional',
      found,
      neededFor: 'address: addressByHostname()',
      remedy: 'leave address out, or use addressByInterface',
    };
  }
}

async function checkLoopback(): Promise<Check> {
  const check = { group: 'network', name: 'loopback' } as const;
  try {
    return { ...check, status: 'ok', found: `127.0.0.1 answers in ${await measureConnect('127.0.0.1')} ms` };
  } catch (error) {
    const remedy = 'bring the interface lo up, and let no proxy or firewall take it';
    return { ...check, status: 'problem', found: `127.0.0.1: ${String(error)}`, neededFor: 'managers on this machine', remedy };
  }
}

/** A firewall may keep even this machine from its own address. */
async function checkOwnAddress(): Promise<Check[]> {
  const check = { group: 'network', name: 'own address' } as const;
  const address = routedAddress();
  if (address === undefined) return [];
  try {
    return [{ ...check, status: 'ok', found: `${address} answers in ${await measureConnect(address)} ms` }];
  } catch (error) {
    const remedy = 'open the ports of workerPortRange in the firewall, or name another address';
    return [{ ...check, status: 'optional', found: `${address}: ${String(error)}`, neededFor: 'managers on other machines', remedy }];
  }
}

function routedAddress(): string | undefined {
  try {
    return addressByRoute();
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** @returns ms, rounded, from asking to being connected. */
async function measureConnect(host: string): Promise<string> {
  const server = await listen(0, host);
  try {
    const begin = performance.now();
    const socket = connect({ port: (server.address() as AddressInfo).port, host });
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) }).finally(() => socket.destroy());
    return (performance.now() - begin).toFixed(1);
  } finally {
    server.close();
  }
}

async function checkPorts([low, high]: readonly [low: number, high: number]): Promise<Check> {
  const check = { group: 'network', name: low === high ? `port ${low}` : `ports ${low} to ${high}` } as const;
  for (let port = low; port <= high; port++) {
    if (await isFree(port)) return { ...check, status: 'ok', found: `${port} is free` };
  }
  const remedy = 'choose another with the option workerPort or workerPortRange';
  return { ...check, status: 'problem', found: 'none is free', neededFor: 'managers, which dial it', remedy };
}

async function isFree(port: number): Promise<boolean> {
  try {
    (await listen(port, '0.0.0.0')).close();
    return true;
  } catch {
    // Taken, or not ours to take: the next may do.
    return false;
  }
}

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
