/** Tasks that wait behind one which takes long, with everything real. */
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { jsApp, pythonApp } from '../../../../index.ts';
import { TestRun } from '../../../support/high-throughput.ts';

/** Spins until the file is there; without one it does nothing. */
const spin = jsApp((file: string) => {
  while (file !== '' && !process.getBuiltinModule('node:fs').existsSync(file));
  return process.ppid;
});

const spinInPython = pythonApp<[file: string], number>(`
import os
def spin(file):
    while file and not os.path.exists(file):
        pass
    return os.getppid()
`);

describe('tasks behind one that spins', () => {
  for (const [language, app] of [
    ['JavaScript', spin],
    ['Python', spinInPython],
  ] as const) {
    it(`are done by the other worker, in ${language}, each in its first try`, async () => {
      await using run = await TestRun.open();
      // So that both workers get many at once.
      for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 200 }, () => app('')));
      const long = app(run.path('go'));
      const short = Array.from({ length: 50 }, () => app(''));
      await Promise.all(short);
      expect(long.done).to.equal(false);
      writeFileSync(run.path('go'), '');
      await long;
      expect(new Set([long, ...short].map(({ tries }) => tries.length))).to.deep.equal(new Set([1]));
    });
  }

  it('are done by the other manager when they were sent ahead', async () => {
    await using run = await TestRun.open({
      executor: { maxWorkersPerNode: 1, prefetchCapacity: 4 },
      provider: { initBlocks: 2, maxBlocks: 2 },
      config: { strategy: 'none' },
    });
    const managers = await run.managers(2);
    const held = [0, 1].map((i) => spin(run.path(`go-${i}`)));
    const short = Array.from({ length: 6 }, () => spin(''));
    writeFileSync(run.path('go-1'), '');
    const [other] = await Promise.all([held[1], ...short]);
    expect(held[0]?.done).to.equal(false);
    expect(managers).to.include(other);
    for (const future of short) expect(await future).to.equal(other);
    writeFileSync(run.path('go-0'), '');
    await held[0];
  });
});
