/**
 * What may come to the interchange's port: connections that are no ZeroMQ, or begin like it, or never go on; and processes that have the
 * run's key and say what no manager says. For the spec of it and for `npm run fuzz`.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connectDealer, endpointOf } from '../../executors/high-throughput/dealer.ts';
import { encodeFromManager } from '../../executors/high-throughput/link-messages.ts';
import { managerKeysOf, type RunKeys } from '../../executors/high-throughput/security.ts';
import { FrameType } from '../../lib/wire/frames.ts';
import type { Random } from '../executors/high-throughput/interchange/simulation/random.ts';
import { mutate } from './mutate.ts';

/** Connects, says the bytes, and waits until it is hung up on, or for as long as it likes itself. */
export async function sayRaw(port: number, bytes: Buffer, patienceMs: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), patienceMs);
  await new Promise((resolve) => socket.once('close', resolve));
  clearTimeout(timer);
}

/** Says so much and then nothing. */
export async function hold(port: number, bytes: Buffer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** What a client with these keys says to the interchange, up to its first message. */
export async function recordHandshake(port: number, keys: RunKeys): Promise<Buffer> {
  const said: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('data', (bytes: Buffer) => {
      said.push(bytes);
      far.write(bytes);
    });
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxied = (server.address() as AddressInfo).port;
  const dealer = connectDealer({ address: '127.0.0.1', port: proxied, curve: managerKeysOf(keys) });
  try {
    dealer.connect(endpointOf('127.0.0.1', proxied));
    await dealer.send(encodeFromManager(FrameType.Probe, 0));
    await dealer.receive();
  } finally {
    dealer.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  return Buffer.concat(said);
}

/** A greeting of ZMTP 3.1 and the head of a frame that claims to be so long; source: https://rfc.zeromq.org/spec/23/ */
export function oversized(length: bigint): Buffer {
  const greeting = Buffer.alloc(64);
  greeting[0] = 0xff;
  greeting[9] = 0x7f;
  greeting[10] = 3;
  greeting[11] = 1;
  greeting.write('CURVE', 12);
  const head = Buffer.alloc(9);
  head[0] = 0x06; // A command, long.
  head.writeBigUInt64BE(length, 1);
  return Buffer.concat([greeting, head, Buffer.alloc(4096, 0x41)]);
}

/** With the run's key. @returns once the interchange has read all of it. */
export async function sayAsManager(port: number, keys: RunKeys, identity: string, messages: readonly Buffer[][]): Promise<void> {
  const dealer = connectDealer({ address: '127.0.0.1', port, identity, curve: managerKeysOf(keys) });
  try {
    dealer.connect(endpointOf('127.0.0.1', port));
    for (const message of messages) await dealer.send(message);
    await dealer.send(encodeFromManager(FrameType.Probe, 0, [Buffer.from('the last')]));
    for (;;) if (Buffer.concat(await dealer.receive()).includes('the last')) return;
  } finally {
    dealer.close();
  }
}

/** A mutated message in one part or two. */
export function wildMessage(seeds: readonly Buffer[], random: Random): Buffer[] {
  const bytes = mutate(seeds, random);
  const cut = random.below(bytes.length + 1);
  // A probe's answer would be taken for the last one.
  if (bytes[0] === FrameType.Probe) bytes[0] = FrameType.Left;
  return random.chance(0.8) ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
}

export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

export const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
