/**
 * The chain of processes that a call passes, without anything that they do for it: each sends on what comes, there and back. The hops are
 * those of raw-hops.ts; what this takes beyond their sum is that none of the four finds its caches as it left them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const MESSAGE = Buffer.alloc(64, 7);
const LINK = fileURLToPath(new URL('./chain-entry.ts', import.meta.url));

export interface RawChain extends AsyncDisposable {
  /** There and back. */
  pass(): Promise<void>;
}

export async function startChain(): Promise<RawChain> {
  const child = spawn(process.execPath, [LINK, 'interchange'], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const socket = child.stdio[3] as Socket;
  await once(socket, 'data'); // Its first word: all are there.
  let arrived = (): void => undefined;
  socket.on('data', () => arrived());
  return {
    pass: () =>
      new Promise((resolve) => {
        arrived = resolve;
        socket.write(MESSAGE);
      }),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      socket.end(); // Which ends the child, and those behind it.
      await ended;
    },
  };
}
