/** A TCP hop between manager and interchange that can swallow what is on its way and cut connections. */
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { swallowing: boolean; swallowed: number };

  private constructor(server: Server, sockets: Set<Socket>, state: { swallowing: boolean; swallowed: number }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#sockets = sockets;
    this.#state = state;
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const sockets = new Set<Socket>();
    const state = { swallowing: false, swallowed: 0 };
    const server = createServer((near) => {
      const far = createConnection(targetPort, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
      }
      near.on('data', (bytes) => far.write(bytes));
      far.on('data', (bytes) => {
        if (!state.swallowing) near.write(bytes);
        else state.swallowed += bytes.length;
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, sockets, state);
  }

  /** Bytes towards the manager that were swallowed. */
  get swallowed(): number {
    return this.#state.swallowed;
  }

  swallow(): void {
    this.#state.swallowing = true;
  }

  /** Cuts all connections; new ones work. */
  cut(): void {
    this.#state.swallowing = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }
}
