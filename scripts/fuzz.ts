/**
 * Fuzzes everything that reads what others have written: `npm run fuzz -- [count] [seed] [name of one reader]`; a million by default.
 * Prints its seed, and stops at the first failure with the bytes that repeat it.
 */
import { randomInt } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { fuzz } from '../spec/fuzz/fuzz.ts';
import { fuzzPython } from '../spec/fuzz/python-readers.ts';
import type { FuzzTarget } from '../spec/fuzz/target.ts';
import { type FuzzedSpawner, fuzzSpawner } from '../spec/fuzz/spawners.ts';
import { targets } from '../spec/fuzz/targets/index.ts';

const TURN = 1000;
/** A process each: of these there are as many fewer. */
const PER_SPAWNED = 100;
const SPAWNERS: readonly FuzzedSpawner[] = ['native', 'perl'];

const [count = '1000000', seed = String(randomInt(2 ** 31)), only] = process.argv.slice(2);
const chosen = targets.filter(({ name }) => only === undefined || name === only);
const isPythonChosen = only === undefined || only === 'python';
const spawners = SPAWNERS.filter((name) => only === undefined || only === `${name} spawner`);
const readers = chosen.length + (isPythonChosen ? 1 : 0) + spawners.length;
if (!(Number(count) > 0) || !(Number(seed) >= 0) || readers === 0) {
  const names = [...targets.map(({ name }) => `'${name}'`), 'python', ...SPAWNERS.map((name) => `'${name} spawner'`)].join(', ');
  console.error(`fuzz takes a count, a seed, and the name of one reader: ${names}; saw ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}

/** With pauses for what readers have put off. @returns how many were taken. */
async function fuzzInTurns(target: FuzzTarget, wanted: number): Promise<number> {
  let taken = 0;
  for (let first = 0; first < wanted; first += TURN) {
    taken += fuzz(target, Number(seed), Math.min(TURN, wanted - first), first).taken;
    await pause();
  }
  return taken;
}

/** Memory that is still in use when nothing is being read. */
async function settledMiB(): Promise<number> {
  await pause();
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
}

console.log(`seed ${seed}`);
const each = Math.ceil(Number(count) / readers);
const warm = Math.min(each, 1000);
let total = 0;
try {
  for (const target of chosen) {
    await fuzzInTurns(target, warm);
    const before = await settledMiB();
    const taken = await fuzzInTurns(target, each);
    const read = each;
    total += read;
    console.log(
      `${String(read).padStart(8)} mutations, ${String(read - taken).padStart(8)} refused, heap ${before} → ${await settledMiB()} MiB: ${target.name}`,
    );
  }
  if (isPythonChosen) {
    const { read, taken } = await fuzzPython(Number(seed), each);
    total += read;
    console.log(`${String(read).padStart(8)} mutations, ${String(read - taken).padStart(8)} refused: readers in Python`);
  }
  for (const spawner of spawners) {
    const { read, taken } = await fuzzSpawner(spawner, Number(seed), Math.ceil(each / PER_SPAWNED));
    total += read;
    console.log(`${String(read).padStart(8)} mutations, ${String(read - taken).padStart(8)} refused: ${spawner} spawner`);
  }
  console.log(`${total} mutations, no failure`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
