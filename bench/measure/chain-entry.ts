/**
 * One process of raw-chain.ts, in the place of an interchange, a manager or a worker. Each starts the next, and ends with the one before.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { curveKeyPair, Dealer, Router } from 'zeromq';
import type { CurveKeyPair } from '../../executors/high-throughput/security.ts';

const OWN = fileURLToPath(import.meta.url);
const before = new Socket({ fd: 3, readable: true, writable: true });
before.on('close', () => process.exit());

function startNext(role: string, ...settings: string[]): Socket {
  const child = spawn(process.execPath, [OWN, role, ...settings], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  return child.stdio[3] as Socket;
}

async function interchange(): Promise<void> {
  const [server, client] = [curveKeyPair(), curveKeyPair()];
  const router = new Router({ curveServer: true, curveSecretKey: server.secretKey, linger: 0, sendTimeout: 0 });
  const address = `ipc://@flotilla-chain-${process.pid}`;
  await router.bind(address);
  // Kept: it ends when the socket does.
  const next = startNext('manager', address, server.publicKey, JSON.stringify(client));
  next.on('error', () => undefined);
  const [peer] = await router.receive();
  before.on('data', (chunk) => void router.send([peer as Buffer, chunk]));
  before.write('ready');
  for await (const [, message] of router) before.write(message as Buffer);
}

async function manager(address: string, serverKey: string, { publicKey, secretKey }: CurveKeyPair): Promise<void> {
  const dealer = new Dealer({ curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey, linger: 0, sendTimeout: 0 });
  const worker = startNext('worker');
  await once(worker, 'data');
  worker.on('data', (chunk) => void dealer.send(chunk));
  before.resume();
  dealer.connect(address);
  await dealer.send('here');
  for await (const [message] of dealer) worker.write(message as Buffer);
}

function worker(): void {
  before.on('data', (chunk) => void before.write(chunk));
  before.write('ready');
}

const [role, address = '', serverKey = '', client = '{}'] = process.argv.slice(2);
if (role === 'interchange') await interchange();
else if (role === 'manager') await manager(address, serverKey, JSON.parse(client) as CurveKeyPair);
else worker();
