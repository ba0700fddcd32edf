/**
 * The process of the Node spawner. Usage: node node-spawner-entry GROUPFILE; requests on fd 0, replies on fd 1.
 */
import { FrameReader } from '../../../lib/wire/frames.ts';
import { NodeSpawner } from './node-spawner.ts';
import { encodeHello } from './spawner-protocol.ts';

const frames = new FrameReader();

function reply(frame: Buffer): void {
  process.stdout.write(frame);
}

const spawner = new NodeSpawner(process.argv[2] ?? '', reply);

function leave(code: number): void {
  void spawner.leave().then(() => process.exit(code));
}

process.stdin.on('data', (chunk: Buffer) => frames.push(chunk, (type, body) => spawner.receive(type, body)));
process.stdin.on('end', () => leave(0));
process.stdin.on('error', () => leave(0));
process.stdout.on('error', () => leave(0)); // nobody hears the replies any more
for (const [signal, number] of [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.on(signal, () => leave(128 + number));
reply(encodeHello());
