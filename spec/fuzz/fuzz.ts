/**
 * Has readers read mutated bytes, and looks whether anything happens that must not: an exception of another kind than a refusal, a
 * reader that does not come to an end, a changed prototype, code that runs.
 */
import { createRandom, type Random } from '../executors/high-throughput/interchange/simulation/random.ts';
import { mutate, pick } from './mutate.ts';
import { distort } from './odd-values.ts';
import type { FuzzTarget } from './target.ts';

/** Of one thing to read, on a machine that has other things to do. */
const SLOW_MS = 10_000;

export interface FuzzTally {
  readonly name: string;
  readonly read: number;
  /** The rest was refused. */
  readonly taken: number;
}

/** Mutation `index` of a seed is the same whatever came before it. @throws Error with what repeats the first failure. */
export function fuzz(target: FuzzTarget, seed: number, count: number, first = 0): FuzzTally {
  let taken = 0;
  for (let index = first; index < first + count; index++) {
    const bytes = nextBytes(target, createRandom(seed + index * 7919));
    const startMs = performance.now();
    try {
      if (target.read(bytes)) taken++;
      expectUntouched();
      if (performance.now() - startMs > SLOW_MS) throw new Error(`it took ${Math.round(performance.now() - startMs)} ms`);
    } catch (cause) {
      throw new Error(describeFailure(target.name, seed, index, bytes, cause), { cause });
    }
  }
  return { name: target.name, read: count, taken };
}

function nextBytes({ seeds, made }: FuzzTarget, random: Random): Buffer {
  if (made === undefined || random.chance(0.5)) return mutate(seeds, random);
  const bytes = made.from(distort(pick(random, made.of), random));
  return random.chance(0.2) ? mutate([bytes], random) : bytes;
}

const describeFailure = (name: string, seed: number, index: number, bytes: Buffer, cause: unknown): string =>
  `${name}, seed ${seed}, mutation ${index}: ${cause instanceof Error ? cause.stack : String(cause)}\nthe bytes: ${bytes.toString('hex')}`;

/** Seeds name it where a reader that looks names up and calls them would call it. */
export const CANARY = 'flotillaFuzzCanary';
let hasRun = false;
Object.defineProperty(globalThis, CANARY, { enumerable: false, value: () => (hasRun = true) });

const PROTOTYPES: readonly object[] = [Object.prototype, Array.prototype, Function.prototype, Error.prototype];
const propertiesOf = (): string => PROTOTYPES.map((prototype) => Object.getOwnPropertyNames(prototype).join()).join(';');
const UNTOUCHED = propertiesOf();

function expectUntouched(): void {
  if (hasRun) throw new Error('code in the bytes was run');
  if (propertiesOf() !== UNTOUCHED) throw new Error('a prototype was changed');
}
