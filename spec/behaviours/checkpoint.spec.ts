/** Behaviours 34–36: what is in a checkpoint, when it is written, and what another kernel makes of it. */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Config, ConfigError, type ConfigOptions, DataFlowKernel, jsApp, type NdArray, pythonApp } from '../../index.ts';
import { readCheckpoint } from '../../lib/memo/checkpoint-reader.ts';
import { checkpointPathOf } from '../../lib/memo/find-checkpoints.ts';
import { eventually } from '../support/eventually.ts';
import { highThroughput, threads } from '../support/kernel.ts';

const double = jsApp((x: number) => x * 2, { name: 'double', cache: true });
const odd = jsApp(
  (x: number) => {
    if (x % 2 === 0) throw new RangeError(`${x} is even`);
    return x;
  },
  { name: 'odd', cache: true },
);
const large = jsApp((fill: number) => new Uint8Array(400_000).fill(fill), { name: 'large', cache: true });

describe('a checkpoint', () => {
  let folder: string;
  let open: DataFlowKernel | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-memo-'));
  });
  afterEach(async () => {
    await open?.close({ mode: 'cleanup' });
    open = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (options: ConfigOptions = {}, executor = threads): Promise<DataFlowKernel> => {
    open = await DataFlowKernel.start(new Config({ executors: [executor.create()], runDir: folder, ...options }).compiled);
    return open;
  };
  /** How many results there are; 0 without a file. */
  const count = async ({ runDir }: DataFlowKernel): Promise<number> => {
    let results = 0;
    if (existsSync(checkpointPathOf(runDir))) await readCheckpoint(checkpointPathOf(runDir), () => results++);
    return results;
  };
  const run = async (options: ConfigOptions, work: () => PromiseLike<unknown>, executor = threads): Promise<DataFlowKernel> => {
    const kernel = await start(options, executor);
    await work();
    await kernel.close();
    return kernel;
  };

  it("is written as soon as there are results: 'taskExit', the default", async () => {
    const kernel = await start();
    await double(1);
    // Before anything else can happen: what the script has seen is written.
    expect(existsSync(checkpointPathOf(kernel.runDir))).to.equal(true);
    await Promise.all([double(2), double(3)]);
    expect(await count(kernel)).to.equal(3);
    await double(1);
    expect(await count(kernel)).to.equal(3);
  });

  it("'off' is not written", async () => {
    const kernel = await start({ checkpoint: 'off' });
    await Promise.all([double(1), large(1)]);
    expect((await large(1))[9]).to.equal(1);
    expect(kernel.counts().memoized).to.equal(1);
    expect(await kernel.checkpoint().catch((error: unknown) => error))
      .to.be.instanceOf(ConfigError)
      .with.property('message')
      .that.includes("'off'");
    await kernel.close();
    expect(existsSync(join(kernel.runDir, 'checkpoint'))).to.equal(false);
  });

  it("'exit' is written when the kernel is closed", async () => {
    const kernel = await start({ checkpoint: 'exit' });
    await double(1);
    expect(await count(kernel)).to.equal(0);
    await kernel.close();
    expect(await count(kernel)).to.equal(1);
  });

  it("'manual' is written by kernel.checkpoint() alone", async () => {
    const kernel = await start({ checkpoint: 'manual' });
    await double(1);
    expect(await count(kernel)).to.equal(0);
    expect(await kernel.checkpoint()).to.equal(checkpointPathOf(kernel.runDir));
    expect(await count(kernel)).to.equal(1);
    await double(2);
    await kernel.close();
    expect(await count(kernel)).to.equal(1);
  });

  it("'periodic' is written by and by, and at the end", async () => {
    const kernel = await start({ checkpoint: 'periodic', checkpointPeriod: 0.3 });
    await double(1);
    await eventually('a period', async () => (await count(kernel)) === 1);
    await double(2);
    await kernel.close();
    expect(await count(kernel)).to.equal(2);
  });

  it('has no failed tasks, and none of apps without cache: true', async () => {
    const kernel = await run({}, () => Promise.allSettled([odd(1), odd(2), double.with({ cache: false })(1)]));
    expect(await count(kernel)).to.equal(1);
  });

  it('is not made where nothing is cached, and costs no memo with appCache: false', async () => {
    const kernel = await run({ appCache: false }, () => Promise.all([double(1), double(1)]));
    expect(kernel.counts().memoized).to.equal(0);
    expect(existsSync(join(kernel.runDir, 'checkpoint'))).to.equal(false);
    expect(await kernel.checkpoint().catch((error: unknown) => error)).to.be.instanceOf(ConfigError);
  });

  describe('that another kernel is given', () => {
    it("has its results: by 'last', by number, by path", async () => {
      const first = await run({}, () => Promise.all([1, 2, 3].map((x) => double(x))));
      for (const name of ['last', '0', first.runDir, checkpointPathOf(first.runDir)]) {
        const kernel = await start({ checkpointFiles: [name] });
        const future = double(2);
        expect(await future).to.equal(4);
        expect(future.tries).to.deep.equal([]);
        expect(kernel.explain(future.taskId)).to.match(/^task 1 has ended: taken from the memo of run 000 \(its task 2\)$/);
        await kernel.close();
      }
    });

    it('is read by two at once, while a third writes on', async () => {
      const writer = await start();
      await double(1);
      const seen = await Promise.all([1, 2].map(() => readResults(checkpointPathOf(writer.runDir))));
      await double(2);
      expect(seen).to.deep.equal([1, 1]);
      expect(await count(writer)).to.equal(2);
    });

    it('loses nothing but its last record when it was truncated', async () => {
      const { runDir } = await run({ checkpoint: 'exit' }, async () => {
        for (const x of [1, 2, 3]) await double(x);
      });
      truncateSync(checkpointPathOf(runDir), statSync(checkpointPathOf(runDir)).size - 5);
      await start({ checkpointFiles: ['last'] });
      const futures = [1, 2, 3].map((x) => double(x));
      expect(await Promise.all(futures)).to.deep.equal([2, 4, 6]);
      expect(futures.map(({ tries }) => tries.length)).to.deep.equal([0, 0, 1]);
    });

    it('goes back to those that it resumed, and holds itself what it took from them', async () => {
      await run({}, () => Promise.all([double(1), double(2)]));
      await run({ checkpointFiles: ['last'] }, async () => await Promise.all([double(1), double(3)]));
      const third = await run({ checkpointFiles: ['last'] }, async () => {
        const futures = [1, 2, 3].map((x) => double(x));
        await Promise.all(futures);
        expect(futures.every(({ tries }) => tries.length === 0)).to.equal(true);
      });
      expect(await count(third)).to.equal(3);
      for (const old of ['000', '001']) rmSync(join(folder, old), { recursive: true });
      await start({ checkpointFiles: ['last'] });
      const future = double(2);
      await future;
      expect(future.tries).to.have.length(0);
    });

    it('says of each task that ran again which part of its key differs', async () => {
      await run({}, () => double(1));
      const kernel = await start({ checkpointFiles: ['last'] });
      const cases = [
        { future: double(5), differing: 'args[0]' },
        { future: double.with({ version: '2' })(1), differing: 'its version' },
        { future: jsApp((x: number) => x + x, { name: 'double', cache: true })(1), differing: 'its code' },
        { future: double.with({ env: { A: '1' } })(1), differing: 'its options' },
      ];
      await Promise.all(cases.map(({ future }) => future));
      for (const { future, differing } of cases) {
        const id = future.taskId;
        expect(kernel.explain(id))
          .to.match(
            new RegExp(`^task ${id} has ended: run because it differs from task \\d of run \\d+, the nearest result, in |${differing}`),
          )
          .and.include(differing);
      }
    });

    it('says what differs from it, whatever the run itself has results of by then', async () => {
      await run({}, () => Promise.all([1, 2, 3].map((x) => double(x))));
      const kernel = await start({ checkpointFiles: ['last'] });
      const changed = double.with({ version: '2' });
      const futures = [];
      for (const x of [1, 2, 3]) {
        const future = changed(x);
        await future;
        futures.push(future);
      }
      const explained = futures.map(({ taskId }) => kernel.explain(taskId));
      const expected = [1, 2, 3].map(
        (id) => `task ${id} has ended: run because it differs from task ${id} of run 000, the nearest result, in its version`,
      );
      expect(explained).to.deep.equal(expected);
    });

    it('is refused where it is named and cannot be read', async () => {
      const error = await start({ checkpointFiles: ['/nowhere'] }).catch((caught: unknown) => caught as Error);
      expect(error).to.be.instanceOf(ConfigError);
      mkdirSync(join(folder, 'x'));
      const other = await start({ checkpointFiles: [import.meta.filename] }).catch((caught: unknown) => caught as Error);
      expect(String(other)).to.include('cannot be read: it has no whole record');
    });
  });

  for (const executor of [threads, highThroughput]) {
    it(`has values of every kind, and large ones in files of their own (${executor.name})`, async () => {
      const values = jsApp(
        () =>
          new Map<string, unknown>([
            ['date', new Date(5)],
            ['big', 10n ** 30n],
            ['array', new Float32Array([1, 2])],
          ]),
        { name: 'values', cache: true },
      );
      const matrix = pythonApp<[], NdArray>(
        'def matrix():\n    import array\n    return {"a": array.array("d", [0.5] * 100000), "n": 2 ** 70}',
        { cache: true },
      );
      const size = jsApp((bytes: Uint8Array) => bytes.length, { name: 'size', cache: true });
      const work = async (tries: number): Promise<unknown[]> => {
        const futures = [values(), matrix(), large(3), size(large(4)), size.with({ cache: false })(large(4))];
        const results = await Promise.all(futures);
        expect(futures.map((future) => future.tries.length)).to.deep.equal([tries, tries, tries, tries, 1]);
        return results;
      };
      let first: unknown[] = [];
      const kernel = await run(
        {},
        async () => {
          first = await work(1);
        },
        executor,
      );
      expect(readdirSync(join(kernel.runDir, 'checkpoint/values'))).to.have.length(3);
      const second = await start({ checkpointFiles: ['last'] }, executor);
      expect(await work(0)).to.deep.equal(first);
      await second.close();
      const linked = readdirSync(join(second.runDir, 'checkpoint/values'));
      expect(linked).to.have.length(3);
    });
  }

  it('runs a task again whose large value is gone', async () => {
    const { runDir } = await run({}, () => large(1));
    const values = join(runDir, 'checkpoint/values');
    const [name = ''] = readdirSync(values);
    linkSync(join(values, name), join(folder, 'kept'));
    renameSync(join(values, name), join(values, 'elsewhere'));
    const kernel = await start({ checkpointFiles: ['last'] });
    const future = large(1);
    expect((await future)[0]).to.equal(1);
    expect(future.tries).to.have.length(1);
    expect(kernel.explain(future.taskId)).to.match(/run, though there was a result: the result that was kept cannot be read: .* is gone/);
  });
});

async function readResults(path: string): Promise<number> {
  let results = 0;
  await readCheckpoint(path, () => results++);
  return results;
}
