/**
 * Thousands of mutations of everything that is read. `npm run fuzz` does a million of them; a failure names seed, mutation and bytes, and
 * FLOTILLA_SEED=<seed> draws the same again.
 */
import { fuzz } from './fuzz.ts';
import { fuzzPython } from './python-readers.ts';
import { targets } from './targets/index.ts';

const MUTATIONS = 400;

describe('bytes that are wrong', () => {
  const seed = Number(process.env['FLOTILLA_SEED'] ?? Date.now() % 2 ** 31);

  for (const target of targets) {
    it(`are refused or read, and do nothing else: ${target.name}`, () => {
      const { taken } = fuzz(target, seed, MUTATIONS);
      for (const bytes of target.seeds) target.read(bytes);
      if (taken === MUTATIONS) throw new Error('none was refused: nothing was tried');
    });
  }

  it('are refused or read, and do nothing else: in Python', async () => {
    const { taken } = await fuzzPython(seed, MUTATIONS);
    if (taken === MUTATIONS || taken === 0) throw new Error(`${taken} of ${MUTATIONS} were taken`);
  });
});
