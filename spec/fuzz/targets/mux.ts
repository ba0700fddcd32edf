/** What comes over SSH from a login node: a relay, or whatever somebody has put in its place. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Mux } from '../../../executors/high-throughput/remote/mux.ts';
import { demand, type FuzzTarget } from '../target.ts';

const MOST_CONNECTIONS = 64 * 1024;

function muxFrame(type: number, id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header[0] = type;
  header.writeUInt32LE(id, 1);
  header.writeUInt32LE(body.length, 5);
  return Buffer.concat([header, body]);
}

const window = Buffer.from([0, 0, 1, 0]);
const session = Buffer.concat([
  muxFrame(6, 0, Buffer.from('{"host":"login","port":5000,"addresses":["10.0.0.1"]}')),
  muxFrame(1, 1, Buffer.alloc(0)),
  muxFrame(2, 1, Buffer.from('hello')),
  muxFrame(5, 1, window),
  muxFrame(1, 2, Buffer.alloc(0)),
  muxFrame(3, 1, Buffer.alloc(0)),
  muxFrame(4, 2, Buffer.alloc(0)),
]);

/** Takes everything, and says nothing. */
const silent = (): Duplex => {
  const duplex = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  duplex.on('error', () => undefined);
  return duplex;
};

function hear(bytes: Buffer): boolean {
  const stream = silent();
  const opened: Duplex[] = [];
  const ends: string[] = [];
  const mux = new Mux(stream, {
    opened: () => {
      opened.push(silent());
      return opened.at(-1) as unknown as Socket;
    },
    note: () => undefined,
    ended: (reason) => ends.push(reason),
  });
  const cut = bytes.length === 0 ? 0 : (bytes[0] as number) % bytes.length;
  stream.emit('data', bytes.subarray(0, cut));
  stream.emit('data', bytes.subarray(cut));
  demand(mux.connections <= MOST_CONNECTIONS && mux.connections <= opened.length, `${mux.connections} connections`);
  mux.close();
  demand(ends.length === 1, `it ended ${ends.length} times`);
  demand(
    opened.every(({ destroyed }) => destroyed),
    'a connection is left open',
  );
  return ends[0] === 'closed';
}

export const muxTargets: readonly FuzzTarget[] = [{ name: 'stream of a relay', seeds: [session], read: hear }];
