import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { Mux } from '../../../../executors/high-throughput/remote/mux.ts';
import { eventually } from '../../../support/eventually.ts';

/** Listens on a free loopback port. */
async function listen(connected: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, connected).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('the relay’s multiplexer', function () {
  this.timeout(20_000);
  const servers: Server[] = [];
  const muxes: Mux[] = [];
  const notes: unknown[] = [];
  let front: number;
  let wires: Duplex[];
  let ends: string[];

  /** Whoever dials `front` is connected with `served`, by way of two multiplexers. */
  async function relayTo(served: (socket: Socket) => void): Promise<void> {
    const back = await listen(served);
    const [up, down] = [new PassThrough(), new PassThrough()];
    wires = [Duplex.from({ readable: down, writable: up }), Duplex.from({ readable: up, writable: down })];
    const [there, here] = wires as [Duplex, Duplex];
    ends = [];
    const dial = (): Socket => connect({ port: back.port, host: '127.0.0.1', allowHalfOpen: true });
    const refuse = (): Socket => {
      throw new Error('nobody opens connections from here');
    };
    const accepting = new Mux(there, { opened: refuse, note: (value) => notes.push(value), ended: (reason) => ends.push(reason) });
    const dialling = new Mux(here, { opened: dial, note: (value) => notes.push(value), ended: (reason) => ends.push(reason) });
    const face = await listen((socket) => accepting.open(socket));
    muxes.push(accepting, dialling);
    servers.push(back.server, face.server);
    front = face.port;
  }

  afterEach(() => {
    for (const mux of muxes.splice(0)) mux.close();
    for (const server of servers.splice(0)) server.close();
    notes.splice(0);
  });

  const dialFront = (): Socket => connect({ port: front, host: '127.0.0.1', allowHalfOpen: true });

  it('carries many connections at the same time, each whole and in order', async () => {
    await relayTo((socket) => void socket.pipe(socket));
    const sent = Array.from({ length: 12 }, (_, i) => Buffer.alloc(300_000 * (i + 1), i));
    const got = await Promise.all(
      sent.map(async (bytes) => {
        const socket = dialFront();
        socket.end(bytes);
        return buffer(socket);
      }),
    );
    expect(got.map((bytes, i) => bytes.equals(sent[i] as Buffer))).to.deep.equal(sent.map(() => true));
    await eventually('no connection to be left', () => muxes.every(({ connections }) => connections === 0));
  });

  it('holds up one that nobody reads, and none of the others', async () => {
    const stuck: Socket[] = [];
    await relayTo((socket) => {
      socket.once('data', (first) => {
        if (first[0] === 1) {
          socket.pause();
          stuck.push(socket);
        } else socket.end(first);
      });
    });
    const full = dialFront();
    full.write(Buffer.alloc(1, 1));
    await eventually('the one that is not read', () => stuck.length === 1);
    let accepted = 0;
    full.on('error', () => undefined);
    const write = (error?: Error | null): void => {
      if (error || full.destroyed) return;
      accepted++;
      full.write(Buffer.alloc(1 << 20), write);
    };
    write();
    const other = dialFront();
    other.end(Buffer.alloc(1, 2));
    expect(await buffer(other)).to.have.length(1);
    await eventually('the sender to be held up', async () => {
      const before = accepted;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return accepted === before;
    });
    expect(accepted, 'MiB that were taken from it').to.be.lessThan(40);
    stuck[0]?.destroy();
    full.destroy();
    await eventually('both ends to let go', () => muxes.every(({ connections }) => connections === 0));
  });

  it('closes a connection when what it leads to cannot be reached', async () => {
    await relayTo(() => undefined);
    servers[0]?.close();
    const socket = dialFront();
    socket.on('error', () => undefined);
    socket.resume().end();
    await once(socket, 'close');
  });

  it('closes all of them when the stream between is gone, and says so once', async () => {
    await relayTo(() => undefined);
    const sockets = [dialFront(), dialFront()];
    for (const socket of sockets) socket.on('error', () => undefined).resume();
    await eventually('both', () => muxes.every(({ connections }) => connections === 2));
    const closed = Promise.all(sockets.map((socket) => once(socket, 'end')));
    for (const wire of wires) wire.destroy();
    await closed;
    expect(ends).to.have.length(2);
  });

  it('gives up a stream on which what is said looks like frames, and is none', async () => {
    await relayTo((socket) => void socket.end());
    const [, here] = wires as [Duplex, Duplex];
    const note = Buffer.from([6, 0, 0, 0, 0, 3, 0, 0, 0, ...Buffer.from('no!')]);
    here.emit('data', note);
    expect(ends).to.have.length(1);
    expect(ends[0]).to.match(/what came is not what a relay says/);
  });

  it('gives up a stream on which something else is said', async () => {
    const wire = new PassThrough();
    const reasons: string[] = [];
    const mux = new Mux(wire, { opened: () => new PassThrough() as never, note: () => undefined, ended: (reason) => reasons.push(reason) });
    wire.write('Welcome to the login node of our cluster!\n');
    await eventually('it', () => reasons.length === 1);
    expect(reasons[0]).to.include('not what a relay says');
    expect(mux.connections).to.equal(0);
  });

  it('carries notes beside the connections', async () => {
    await relayTo(() => undefined);
    muxes[0]?.note({ port: 54_001 });
    await eventually('it', () => notes.length === 1);
    expect(notes).to.deep.equal([{ port: 54_001 }]);
  });
});
