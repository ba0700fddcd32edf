/** Requests to the helpers that start commands, mutated. `npm run fuzz` does more of them; FLOTILLA_SEED=<seed> draws the same again. */
import { hasSpawner } from '../../executors/workers/command/spawner-argv.ts';
import { type FuzzedSpawner, fuzzSpawner } from './spawners.ts';

const ROWS: readonly (readonly [FuzzedSpawner, number])[] = [
  ['native', 250],
  ['perl', 40],
];

describe('requests that are wrong', function () {
  this.timeout(60_000);
  const seed = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 2 ** 31);

  for (const [spawner, mutations] of ROWS) {
    it(`end the ${spawner} spawner, or are refused, and nothing runs`, async function skipWithout() {
      if (!hasSpawner(spawner)) return this.skip();
      const { taken } = await fuzzSpawner(spawner, seed, mutations);
      if (taken === mutations || taken === 0) throw new Error(`seed ${seed}: ${taken} of ${mutations} were read to their end`);
    });
  }
});
