/**
 * Ping-pong with a process that echoes: over a Unix socket, and over ZeroMQ with CURVE, on a Unix socket and on TCP. One message of 64 bytes at a time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { curveKeyPair, Router } from 'zeromq';
import type { EchoSettings } from './echo-entry.ts';

const MESSAGE = Buffer.alloc(64, 7);
const ECHO = fileURLToPath(new URL('./echo-entry.ts', import.meta.url));

type Hop = () => Promise<void>;

export interface RawHops extends AsyncDisposable {
  /** There and back. */
  unix(): Promise<void>;
  zeromq(): Promise<void>;
  zeromqTcp(): Promise<void>;
}

export async function startHops(): Promise<RawHops> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-hops-'));
  const path = join(folder, 'echo');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const [serverKeys, clientKeys] = [curveKeyPair(), curveKeyPair()];
  const routers: Router[] = [];
  for (const address of [`ipc://@flotilla-hops-${process.pid}`, 'tcp://127.0.0.1:*']) {
    const router = new Router({ curveServer: true, curveSecretKey: serverKeys.secretKey, linger: 0 });
    await router.bind(address);
    routers.push(router);
  }
  const addresses = routers.map(({ lastEndpoint }) => lastEndpoint ?? '');
  const settings: EchoSettings = { path, addresses, serverKey: serverKeys.publicKey, clientKeys };
  const child = spawn(process.execPath, [ECHO, JSON.stringify(settings)], { stdio: 'inherit' });
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const [zeromq, zeromqTcp] = (await Promise.all(routers.map(overRouter))) as [Hop, Hop];
  const [socket] = await connected;
  return {
    unix: overSocket(socket),
    zeromq,
    zeromqTcp,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      socket.end(); // Which ends the child.
      await ended;
      for (const router of routers) router.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Once the other end has spoken. */
async function overRouter(router: Router): Promise<Hop> {
  const [peer] = await router.receive();
  return async () => {
    await router.send([peer as Buffer, MESSAGE]);
    await router.receive();
  };
}

function overSocket(socket: Socket): Hop {
  let missing = 0;
  let arrived = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing === 0) arrived();
  });
  return () =>
    new Promise((resolve) => {
      missing = MESSAGE.length;
      arrived = resolve;
      socket.write(MESSAGE);
    });
}
