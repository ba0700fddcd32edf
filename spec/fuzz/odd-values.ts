/** Values that were right once, with something else in one of their places. */
import { Packr } from 'msgpackr';
import type { Random } from '../executors/high-throughput/interchange/simulation/random.ts';
import { pick } from './mutate.ts';

const deep = (levels: number): unknown => {
  let value: unknown = 'deep';
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { in: value };
  return value;
};

const ODD: readonly (() => unknown)[] = [
  ...[null, undefined, true, -1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 31), 2 ** 32, 2 ** 53, -0].map(
    (value) => () => value,
  ),
  ...['', '__proto__', 'constructor', 'toJSON', '\u001b[2J\r\n', '\ud800', 'null'].map((value) => () => value),
  () => 2n ** 63n - 1n,
  () => -(2n ** 63n),
  () => 'x'.repeat(10_000),
  () => [],
  () => [[-1, 2n], null],
  () => ({}),
  () => ({ length: -1, constructor: 1, toString: 2, valueOf: 3, message: 4 }),
  () => new Map([[{}, 1]]),
  () => new Set([1n]),
  () => new Date(Number.NaN),
  () => Buffer.from([1, 2]),
  () => deep(50),
  () => deep(700),
  () => Array.from({ length: 5000 }, (_, i) => i),
];

const packr = new Packr({ useRecords: false, moreTypes: true, useToJSON: false });

/** Also what our own writers would refuse. */
export const packAnything = (value: unknown): Buffer => packr.pack(value);

/** @returns a copy with one to three of its places changed, or another key in it. */
export function distort(value: unknown, random: Random): unknown {
  let copy = value;
  for (let left = 1 + random.below(3); left > 0; left--) copy = distortOnce(copy, random);
  return copy;
}

function distortOnce(value: unknown, random: Random): unknown {
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  const entries = isPlain || Array.isArray(value) ? Object.entries(value as object) : [];
  if (entries.length === 0 || random.chance(0.05)) return pick(random, ODD)();
  const at = random.below(entries.length);
  const [key, item] = entries[at] as [string, unknown];
  const changed: [string, unknown] = random.chance(0.1)
    ? [pick(random, ['__proto__', 'constructor', 'toJSON', 'then', key.toUpperCase()]), item]
    : [key, random.chance(0.6) ? pick(random, ODD)() : distortOnce(item, random)];
  const others = random.chance(0.1) ? entries.toSpliced(at, 1) : entries.with(at, changed);
  return Array.isArray(value) ? others.map(([, each]) => each) : Object.fromEntries(others);
}
