/**
 * Many connections over one byte stream: both ends of the relay speak this. Each side takes in so much of a connection and no more until
 * the other has handed it on, so that one that nobody reads holds up none of the others.
 *
 * Frame: u8 type, u32 connection, u32 length, bytes. Numbers are little-endian.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const HEADER_BYTES = 9;
/** What one side sends of a connection before the other has handed on any of it. */
const WINDOW_BYTES = 1 << 20;
const MAX_FRAME_BYTES = 1 << 24;

const MuxFrame = { Open: 1, Data: 2, End: 3, Close: 4, Window: 5, Note: 6 } as const;
type MuxFrameType = (typeof MuxFrame)[keyof typeof MuxFrame];

interface Connection {
  readonly socket: Socket;
  credit: number;
}

export interface MuxEvents {
  /** The other side has a new connection: what is it to be connected with? */
  opened(): Socket;
  /** Something that is said beside the connections; JSON. */
  note(value: unknown): void;
  /** There is no stream any more; all connections are closed. At most once. */
  ended(reason: string): void;
}

const NOTHING = Buffer.alloc(0);

export class Mux {
  readonly #stream: Duplex;
  readonly #events: MuxEvents;
  readonly #connections = new Map<number, Connection>();
  #next = 1;
  #rest: Buffer = NOTHING;
  #hasEnded = false;

  constructor(stream: Duplex, events: MuxEvents) {
    this.#stream = stream;
    this.#events = events;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.once('end', () => this.#end('the other side ended'));
    stream.once('close', () => this.#end('the stream was closed'));
    stream.on('error', (error) => this.#end(error.message));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** A connection that was made here. */
  open(socket: Socket): void {
    const id = this.#next++;
    this.#send(MuxFrame.Open, id, NOTHING);
    this.#carry(id, socket);
  }

  note(value: unknown): void {
    this.#send(MuxFrame.Note, 0, Buffer.from(JSON.stringify(value)));
  }

  close(): void {
    this.#end('closed');
  }

  #carry(id: number, socket: Socket): void {
    const connection: Connection = { socket, credit: WINDOW_BYTES };
    this.#connections.set(id, connection);
    socket.on('data', (chunk: Buffer) => {
      this.#send(MuxFrame.Data, id, chunk);
      connection.credit -= chunk.length;
      if (connection.credit <= 0) socket.pause();
    });
    socket.on('end', () => this.#send(MuxFrame.End, id, NOTHING));
    socket.on('error', () => undefined); // It closes then, and that is told.
    socket.on('close', () => {
      if (this.#connections.delete(id)) this.#send(MuxFrame.Close, id, NOTHING);
    });
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEADER_BYTES && !this.#hasEnded) {
      const length = bytes.readUInt32LE(5);
      if (length > MAX_FRAME_BYTES) return this.#end(`a frame of ${length} bytes came: that is not what a relay says`);
      if (bytes.length < HEADER_BYTES + length) break;
      try {
        this.#take(bytes[0] as MuxFrameType, bytes.readUInt32LE(1), bytes.subarray(HEADER_BYTES, HEADER_BYTES + length));
      } catch (error) {
        // What the shell there prints at its start, for one.
        return this.#end(`what came is not what a relay says: ${(error as Error).message}`);
      }
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    this.#rest = bytes;
  }

  #take(type: MuxFrameType, id: number, bytes: Buffer): void {
    if (type === MuxFrame.Open) return this.#opened(id);
    if (type === MuxFrame.Note) return this.#events.note(JSON.parse(bytes.toString()));
    if (type < MuxFrame.Open || type > MuxFrame.Note) throw new Error(`a frame of type ${String(type)}`);
    const connection = this.#connections.get(id);
    if (connection === undefined) return; // Closed here meanwhile.
    const { socket } = connection;
    switch (type) {
      case MuxFrame.Data:
        socket.write(bytes, () => this.#handedOn(id, bytes.length));
        return;
      case MuxFrame.End:
        socket.end();
        return;
      case MuxFrame.Close:
        this.#connections.delete(id);
        socket.destroy();
        return;
      case MuxFrame.Window:
        connection.credit += bytes.readUInt32LE(0);
        if (connection.credit > 0) socket.resume();
    }
  }

  #opened(id: number): void {
    if (this.#connections.has(id)) throw new Error(`connection ${id} is opened twice`);
    this.#carry(id, this.#events.opened());
  }

  #handedOn(id: number, length: number): void {
    if (!this.#connections.has(id)) return;
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32LE(length, 0);
    this.#send(MuxFrame.Window, id, bytes);
  }

  #send(type: MuxFrameType, id: number, bytes: Buffer): void {
    if (this.#hasEnded) return;
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header[0] = type;
    header.writeUInt32LE(id, 1);
    header.writeUInt32LE(bytes.length, 5);
    this.#stream.write(bytes.length === 0 ? header : Buffer.concat([header, bytes]));
  }

  #end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const { socket } of this.#connections.values()) socket.destroy();
    this.#connections.clear();
    this.#stream.destroy();
    this.#events.ended(reason);
  }
}
