/** Bytes that were right once. What is changed in them is drawn from a seeded generator. */
import type { Random } from '../executors/high-throughput/interchange/simulation/random.ts';

const MAX_CHANGES = 6;
const MAX_BYTES = 64 * 1024;

/** What readers stumble over: ends of ranges, lengths of MessagePack and marshal that cannot be, names that are special to JavaScript. */
const TEMPTATIONS: readonly Buffer[] = [
  ...['00', 'ff', '7f', '80', 'ffffffff', 'ffffff7f', '00000080', '7fffffff', '80000000', '00000000', '01000000', 'ffffffffffffffff'],
  ...['ddffffffff', 'dfffffffff', 'c6ffffffff', 'dbffffffff', 'c9ffffffff65', 'c9ffffffff62', 'd47292', 'd57240ff', 'cfffffffffffffffff'],
  ...[
    'd46500',
    'c7006500',
    'c7046200000000',
    'c70462ffffffff',
    'd66900000001',
    'd67000000001',
    '5bffffff7f',
    '7b7b7b7b',
    '000000000000f07f',
  ],
]
  .map((hex) => Buffer.from(hex, 'hex'))
  .concat(['__proto__', 'constructor', 'prototype', 'toJSON', 'then', '\u001b[2J', 'eval'].map((text) => Buffer.from(text)));

type Change = (bytes: Buffer, random: Random, seeds: readonly Buffer[]) => Buffer;

const CHANGES: readonly Change[] = [
  (bytes, random) => withByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => withByte(bytes, random, () => random.below(256)),
  (bytes, random) => withByte(bytes, random, (byte) => byte + (random.chance(0.5) ? 1 : -1)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), random.below(9), Buffer.alloc(0)),
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), 0, noise(random, random.below(17))),
  (bytes, random) => insertOrOverwrite(bytes, random, pick(random, TEMPTATIONS)),
  (bytes, random) => insertOrOverwrite(bytes, random, pick(random, TEMPTATIONS)),
  (bytes, random) => insertOrOverwrite(bytes, random, slice(bytes, random)),
  (bytes, random, seeds) => insertOrOverwrite(bytes, random, slice(pick(random, seeds), random)),
  // Deep nesting, of whatever it is that begins there.
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), 0, repeated(slice(bytes, random, 6), 1 + random.below(4000))),
];

export function mutate(seeds: readonly Buffer[], random: Random): Buffer {
  if (random.chance(0.02)) return noise(random, random.below(256));
  let bytes: Buffer = Buffer.from(pick(random, seeds));
  for (let left = 1 + random.below(1 + random.below(MAX_CHANGES)); left > 0; left--) bytes = pick(random, CHANGES)(bytes, random, seeds);
  return bytes.subarray(0, MAX_BYTES);
}

export const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)] as T;

function withByte(bytes: Buffer, random: Random, change: (byte: number) => number): Buffer {
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  copy[at] = change(copy[at] as number) & 0xff;
  return copy;
}

const splice = (bytes: Buffer, at: number, removed: number, added: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);

const insertOrOverwrite = (bytes: Buffer, random: Random, added: Buffer): Buffer =>
  splice(bytes, random.below(bytes.length + 1), random.chance(0.5) ? added.length : 0, added);

function slice(bytes: Buffer, random: Random, most = 64): Buffer {
  const from = random.below(bytes.length + 1);
  return bytes.subarray(from, from + random.below(most));
}

const repeated = (bytes: Buffer, times: number): Buffer => Buffer.concat(new Array<Buffer>(times).fill(bytes));

export const noise = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)));
