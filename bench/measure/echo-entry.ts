/**
 * The far end of raw-hops.ts, a process of its own: sends back what comes. Ends when the Unix socket does.
 */
import { connect } from 'node:net';
import { Dealer } from 'zeromq';

export interface EchoSettings {
  readonly path: string;
  readonly addresses: readonly string[];
  readonly serverKey: string;
  readonly clientKeys: { readonly publicKey: string; readonly secretKey: string };
}

const { path, addresses, serverKey, clientKeys } = JSON.parse(process.argv[2] ?? '') as EchoSettings;

const socket = connect(path);
socket.on('data', (chunk) => socket.write(chunk));
socket.on('close', () => process.exit());

async function echo(address: string): Promise<void> {
  const dealer = new Dealer({
    curveServerKey: serverKey,
    curvePublicKey: clientKeys.publicKey,
    curveSecretKey: clientKeys.secretKey,
    linger: 0,
  });
  dealer.connect(address);
  await dealer.send('here');
  for await (const [message] of dealer) await dealer.send(message as Buffer);
}

await Promise.all(addresses.map(echo));
