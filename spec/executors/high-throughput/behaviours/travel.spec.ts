/** Behaviours 47, 51 and 52: in which order tasks run, how often a function travels, and values of 100 MB. */
import { expect } from 'chai';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bashApp, jsApp, pythonApp, sh } from '../../../../index.ts';
import { eventually } from '../../../support/eventually.ts';
import { TestRun } from '../../../support/high-throughput.ts';

const note = jsApp(async (diary: string, name: string, go?: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(diary, `${name}\n`);
  while (go !== undefined && !existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 2));
});
const noteInBash = bashApp((diary: string, name: string) => sh`echo ${name} >> ${diary}`);

describe('tasks that wait', () => {
  it('run by priority, and within one first in, first out', async () => {
    await using run = await TestRun.open({ executor: { maxWorkersPerNode: 1 } });
    const diary = run.path('diary');
    const first = note(diary, 'first', run.path('go'));
    await eventually('the first one at work', () => run.lines('diary').length === 1);
    const waiting = [0, 1, 2, 3, 4, 5].flatMap((number) =>
      [0, 5, -3].map((priority) => {
        const app = number % 2 === 0 ? note : noteInBash;
        return app.with({ priority })(diary, `${priority}/${number}`) as PromiseLike<unknown>;
      }),
    );
    expect(run.kernel.explain(first.taskId + 1)).to.match(/it waits for a worker, behind \d+ other/);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(run.path('go'), '');
    await Promise.all([first, ...waiting]);
    const expected = [5, 0, -3].flatMap((priority) => [0, 1, 2, 3, 4, 5].map((number) => `${priority}/${number}`));
    expect(run.lines('diary')).to.deep.equal(['first', ...expected]);
  });
});

describe('a function', () => {
  it('travels once to each manager, however many tasks use it', async () => {
    await using run = await TestRun.open({
      executor: { workerDebug: true },
      provider: { initBlocks: 2, maxBlocks: 2 },
      config: { strategy: 'none' },
    });
    await run.managers(2);
    const spin = jsApp((ms: number) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
      return process.ppid;
    });
    const other = pythonApp<[number], number>('def other(x):\n    return x');
    const used = new Set(await Promise.all(Array.from({ length: 200 }, () => spin(2))));
    await Promise.all(Array.from({ length: 50 }, (_, x) => other(x)));
    expect(used.size, 'both managers were used').to.equal(2);
    const outputs = await blockOutputs(run);
    expect(outputs).to.have.length(2);
    for (const output of outputs) {
      const defined = [...output.matchAll(/function (\d+) was defined/g)].map(([, id]) => id);
      expect(defined).to.deep.equal([...new Set(defined)]);
      expect(defined.length).to.be.within(1, 2);
    }
  });
});

/** What the managers printed. */
async function blockOutputs(run: TestRun): Promise<string[]> {
  const folder = join(run.kernel.runDir, 'blocks', 'htex');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.stdout'));
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
}

const MB_100 = 100_000_000;

/** So that a lost or doubled part shows. */
const sumOf = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 997) sum = (sum * 31 + (bytes[i] as number)) % 1_000_003;
  return sum;
};

describe('a value of 100 MB', () => {
  let run: TestRun;
  let value: Uint8Array;
  let sum: number;
  before(async () => {
    run = await TestRun.open();
    value = new Uint8Array(MB_100);
    for (let i = 0; i < value.length; i++) value[i] = (i * 7 + (i >> 8)) & 255;
    sum = sumOf(value);
  });
  after(() => run[Symbol.asyncDispose]());

  const make = jsApp((length: number) => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 8)) & 255;
    return bytes;
  });
  const measure = jsApp((bytes: Uint8Array) => {
    let sum = 0;
    for (let i = 0; i < bytes.length; i += 997) sum = (sum * 31 + (bytes[i] as number)) % 1_000_003;
    return [bytes.length, sum];
  });
  const makePython = pythonApp<[number], Uint8Array>(`
def make(length):
    return bytes((i * 7 + (i >> 8)) & 255 for i in range(1 << 16)) * (length // (1 << 16) + 1)
`);
  const measurePython = pythonApp<[Uint8Array], [number, number]>(`
def measure(data):
    sum = 0
    for i in range(0, len(data), 997):
        sum = (sum * 31 + data[i]) % 1000003
    return [len(data), sum]
`);

  it('arrives whole as an argument and comes back whole, in JavaScript', async () => {
    expect(await measure(value)).to.deep.equal([MB_100, sum]);
    const made = await make(MB_100);
    expect([made.length, sumOf(made)]).to.deep.equal([MB_100, sum]);
  });

  it('arrives whole as an argument and comes back whole, in Python', async () => {
    expect(await measurePython(value)).to.deep.equal([MB_100, sum]);
    const made = await makePython(MB_100);
    expect(made.length).to.equal((Math.floor(MB_100 / 65536) + 1) * 65536);
    expect(await measurePython(made)).to.deep.equal([made.length, sumOf(made)]);
  });

  for (const [language, maker, measurer] of [
    ['JavaScript', make, measure],
    ['Python', makePython, measurePython],
  ] as const) {
    it(`passes from task to task without visiting the driver (${language})`, async () => {
      const before = process.memoryUsage().arrayBuffers;
      const made = maker(MB_100);
      const measured = await (measurer as (bytes: typeof made) => PromiseLike<[number, number]>)(made);
      const grown = process.memoryUsage().arrayBuffers - before;
      expect(measured[0]).to.be.at.least(MB_100);
      expect(grown, 'bytes in the driver').to.be.below(MB_100 / 4);
    });
  }
});
