/**
 * Ping-pong with a process that echoes: over a Unix socket, and over ZeroMQ on TCP with CURVE. One message of 64 bytes at a time.
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

export interface RawHops extends AsyncDisposable {
  /** There and back. */
  unix(): Promise<void>;
  zeromq(): Promise<void>;
}

export async function startHops(): Promise<RawHops> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-hops-'));
  const path = join(folder, 'echo');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const [serverKeys, clientKeys] = [curveKeyPair(), curveKeyPair()];
  const router = new Router({ curveServer: true, curveSecretKey: serverKeys.secretKey, linger: 0 });
  await router.bind('tcp://127.0.0.1:*');
  const settings: EchoSettings = { path, address: router.lastEndpoint ?? '', serverKey: serverKeys.publicKey, clientKeys };
  const child = spawn(process.execPath, [ECHO, JSON.stringify(settings)], { stdio: 'inherit' });
  const [[socket], [peer]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, router.receive()]);
  const pingPong = overSocket(socket);
  return {
    unix: pingPong,
    async zeromq() {
      await router.send([peer as Buffer, MESSAGE]);
      await router.receive();
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      socket.end(); // Which ends the child.
      await ended;
      router.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function overSocket(socket: Socket): () => Promise<void> {
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
