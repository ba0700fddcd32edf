/**
 * The far end of raw-hops.ts, a process of its own: sends back what comes. Ends when the Unix socket does.
 */
import { connect } from 'node:net';
import { Dealer } from 'zeromq';

export interface EchoSettings {
  readonly path: string;
  readonly address: string;
  readonly serverKey: string;
  readonly clientKeys: { readonly publicKey: string; readonly secretKey: string };
}

const { path, address, serverKey, clientKeys } = JSON.parse(process.argv[2] ?? '') as EchoSettings;

const socket = connect(path);
socket.on('data', (chunk) => socket.write(chunk));
socket.on('close', () => process.exit());

const dealer = new Dealer({
  curveServerKey: serverKey,
  curvePublicKey: clientKeys.publicKey,
  curveSecretKey: clientKeys.secretKey,
  linger: 0,
});
dealer.connect(address);
await dealer.send('here');
for await (const [message] of dealer) await dealer.send(message as Buffer);
