/**
 * Who may connect: the ZAP handler of this process, which lets in the run's client keys and nobody else.
 * Source: https://rfc.zeromq.org/spec/27/
 */
import { Reply } from 'zeromq';
import { decodeZ85 } from '../z85.ts';
import type { Log } from './limited-log.ts';

const ENDPOINT = 'inproc://zeromq.zap.01';

export interface ZapHandler {
  close(): void;
}

/** Must be there before the socket that it guards is bound. `clients`: public keys as Z85. */
export async function startZap(clients: readonly string[], log: Log): Promise<ZapHandler> {
  const admitted = new Set(clients.map((key) => decodeZ85(key).toString('hex')));
  const socket = new Reply({ linger: 0 });
  await socket.bind(ENDPOINT);
  let closed = false;
  const serve = async (): Promise<void> => {
    while (!closed) {
      const request = await socket.receive();
      await socket.send(answer(request, admitted, log));
    }
  };
  serve().catch((error: Error) => {
    if (!closed) log('error', 'the interchange cannot check keys any more; no manager can connect', { error: error.message });
  });
  return {
    close: () => {
      closed = true;
      socket.close();
    },
  };
}

/** Request: version, request id, domain, address, identity, mechanism, credentials. */
function answer(request: readonly Buffer[], admitted: ReadonlySet<string>, log: Log): (string | Buffer)[] {
  const [version, requestId, , address, , mechanism, key] = request.map((part) => part);
  const isAdmitted = mechanism?.toString() === 'CURVE' && key !== undefined && admitted.has(key.toString('hex'));
  if (!isAdmitted) log('warn', 'a connection with a key that is not of this run was turned away', { address: address?.toString() });
  const [code, text] = isAdmitted ? ['200', 'OK'] : ['400', 'this key is not of the run'];
  return [version ?? '1.0', requestId ?? '', code as string, text as string, isAdmitted ? 'manager' : '', ''];
}
