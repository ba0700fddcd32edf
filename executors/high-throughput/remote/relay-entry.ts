/**
 * The relay's process, on the login node: managers dial it, and it hands their connections to the driver through its stdin and stdout,
 * which are an SSH session. It ends with that session, and when the driver has been silent for too long: a link that is cut closes
 * nothing by itself. Argument: RelayOptions as JSON.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../../../lib/process-identity.ts';
import { Mux } from './mux.ts';

export interface RelayOptions {
  /** Both ends included. */
  readonly ports: readonly [low: number, high: number];
  readonly silenceMs: number;
  /** Who the relay is, for the one that takes its place. */
  readonly pidFile: string;
}

/** What a relay says first. */
export interface RelayHello {
  readonly host: string;
  readonly port: number;
  /** Of this machine, loopback last. */
  readonly addresses: readonly string[];
}

const options = JSON.parse(process.argv[2] ?? '{}') as RelayOptions;

async function main(): Promise<void> {
  await endPredecessor(options.pidFile);
  writeFileSync(`${options.pidFile}.new`, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  renameSync(`${options.pidFile}.new`, options.pidFile);
  const server = createServer({ noDelay: true, pauseOnConnect: false });
  const port = await listen(server, options.ports);
  const silence = setTimeout(() => process.exit(0), options.silenceMs);
  const mux = new Mux(Duplex.from({ readable: process.stdin, writable: process.stdout }), {
    opened: () => {
      throw new Error('a driver opens no connections');
    },
    note: () => void silence.refresh(),
    ended: () => process.exit(0),
  });
  server.on('connection', (socket) => mux.open(socket));
  mux.note({ host: hostname(), port, addresses: addresses() } satisfies RelayHello);
}

/** One that has lost its driver, and does not know it yet, has the port that the managers dial. */
async function endPredecessor(pidFile: string): Promise<void> {
  let predecessor: ProcessIdentity;
  try {
    predecessor = JSON.parse(readFileSync(pidFile, 'utf8')) as ProcessIdentity;
  } catch {
    return; // There has been none.
  }
  if (!isAlive(predecessor)) return;
  process.kill(predecessor.pid, 'SIGKILL');
  while (isAlive(predecessor)) await delay(5);
}

async function listen(server: Server, [low, high]: RelayOptions['ports']): Promise<number> {
  const count = high - low + 1;
  const first = Math.floor(Math.random() * count);
  for (let i = 0; i < count; i++) {
    const port = low + ((first + i) % count);
    if (await couldListen(server, port)) return port;
  }
  throw new Error(`no port from ${low} to ${high} is free on ${hostname()}`);
}

/** Every address: which of them the nodes reach, only they can tell. What comes in has to know the run's keys. */
function couldListen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const refused = (): void => resolve(false);
    server.once('error', refused);
    server.listen(port, '0.0.0.0', () => {
      server.off('error', refused);
      resolve(true);
    });
  });
}

function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ family }) => family === 'IPv4')
    .sort((a, b) => Number(a.internal) - Number(b.internal))
    .map(({ address }) => address);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
