/** Behaviours 32, 33 and 35: within one run. What outlives a run is in checkpoint.ts and resume.spec.ts. */
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import {
  type AppFuture,
  bashApp,
  CancelledError,
  type DataFile,
  file,
  InvalidOptionError,
  joinApp,
  jsApp,
  kw,
  pythonApp,
  sh,
} from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';

/** Leaves a line for each time it runs. */
const mark = jsApp(
  async (log: string, value: unknown) => {
    const { appendFileSync } = await import('node:fs');
    appendFileSync(log, 'ran\n');
    return value;
  },
  { name: 'mark', cache: true, ignoreForCache: ['log'] },
);

const runsIn = (log: string): number => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0);

export function describeMemo(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);
  let number = 0;
  let log = '';
  beforeEach(() => {
    log = place.path(`log-${number++}`);
  });
  /** How often the app has run for these calls, one after the other. */
  const runsOf = async (...calls: (() => AppFuture<unknown>)[]): Promise<number> => {
    for (const call of calls) await call();
    return runsIn(log);
  };

  it('are those of equal arguments, whatever the order of keys', async () => {
    const unique = Math.random();
    expect(
      await runsOf(
        () => mark(log, { unique, b: [1, { c: 2, d: 3 }] }),
        () => mark(log, { b: [1, { d: 3, c: 2 }], unique }),
      ),
    ).to.equal(1);
    expect(await runsOf(() => mark(log, { unique, b: [1, { c: 2, d: 4 }] }))).to.equal(2);
  });

  it('have no tries, are done, and say where they come from', async () => {
    const first = mark(log, 'told');
    await first;
    const second = mark(log, 'told');
    expect(await second).to.equal('told');
    expect({ state: second.state, tries: second.tries }).to.deep.equal({ state: 'done', tries: [] });
    expect(first.tries).to.have.length(1);
    expect(place.kernel.explain(second.taskId)).to.equal(
      `task ${second.taskId} has ended: taken from the memo: task ${first.taskId} was the same call`,
    );
    expect(place.kernel.counts().memoized).to.be.at.least(1);
  });

  it('are copies: who changes one changes no other', async () => {
    const first = (await mark(log, { list: [1] })) as { list: number[] };
    first.list.push(2);
    const second = (await mark(log, { list: [1] })) as { list: number[] };
    second.list.push(3);
    expect(await mark(log, { list: [1] })).to.deep.equal({ list: [1] });
    expect(runsIn(log)).to.equal(1);
  });

  it('are not used without cache: true', async () => {
    const plain = mark.with({ cache: false });
    expect(
      await runsOf(
        () => plain(log, 'plain'),
        () => plain(log, 'plain'),
      ),
    ).to.equal(2);
  });

  it('do not depend on arguments that are ignored, by name or by position', async () => {
    const other = place.path('other');
    expect(
      await runsOf(
        () => mark(log, 'ignored'),
        () => mark(other, 'ignored'),
      ),
    ).to.equal(1);
    const all = mark.with({ ignoreForCache: [0, 1] });
    expect(
      await runsOf(
        () => all(log, 'x'),
        () => all(log, 'y'),
      ),
    ).to.equal(2);
    expect(runsIn(other)).to.equal(0);
  });

  it('refuse to ignore a parameter that there is not', async () => {
    const error = await failureOf(mark.with({ ignoreForCache: ['values'] })(log, 1));
    expect(error).to.be.instanceOf(InvalidOptionError);
    expect(error.message).to.include("option 'ignoreForCache' is 'values'").and.include("Did you mean 'value'?");
  });

  it('are not used for another version, nor for other code under the same name', async () => {
    expect(
      await runsOf(
        () => mark(log, 'v'),
        () => mark.with({ version: '2' })(log, 'v'),
        () => mark.with({ version: '2' })(log, 'v'),
      ),
    ).to.equal(2);
    const same = { name: 'same', cache: true } as const;
    expect(await jsApp((x: number) => x + 1, same)(1)).to.equal(2);
    const changed = jsApp((x: number) => x + 2, same)(1);
    expect(await changed).to.equal(3);
    expect(place.kernel.explain(changed.taskId)).to.match(/run because it differs from task \d+, the nearest result, in its code$/);
  });

  it('are not used for a module that has changed, in what it imports too', async () => {
    const url = pathToFileURL(place.path('deep.mjs'));
    writeFileSync(place.path('inner.mjs'), 'export const y = 1;');
    writeFileSync(url, "import { y } from './inner.mjs'; export const f = (x) => x + y;");
    // Apps of their own: a kernel reads the code of each once.
    const define = (): AppFuture<number> => jsApp<[x: number], number>(url, 'f', { cache: true })(1);
    await define();
    const again = define();
    await again;
    expect(again.tries).to.have.length(0);
    writeFileSync(place.path('inner.mjs'), 'export const y = 2;');
    const changed = define();
    await changed;
    expect(changed.tries).to.have.length(1);
  });

  it('take futures by their values, once these are there', async () => {
    const seven = mark(log, 7);
    expect(
      await runsOf(
        () => mark(log, [seven]),
        () => mark(log, [7]),
        () => mark(log, [Promise.resolve(7)]),
        () => mark(log, [mark(log, 7)]),
      ),
    ).to.equal(2);
  });

  it('that are large are used as arguments and taken again', async () => {
    const large = jsApp((fill: number) => new Uint8Array(500_000).fill(fill), { name: 'large', cache: true });
    const count = jsApp((bytes: Uint8Array) => bytes.filter((byte) => byte === 5).length, { name: 'count', cache: true });
    const first = count(large(5));
    expect(await first).to.equal(500_000);
    const second = count(large(5));
    expect(await second).to.equal(500_000);
    expect(second.tries).to.have.length(0);
    expect((await large(5))[0]).to.equal(5);
  });

  it('of failed tasks there are none', async () => {
    const flaky = bashApp((path: string) => `test -e ${path} || { touch ${path}; exit 3; }`, { name: 'flaky', cache: true });
    expect(await failureOf(flaky(log))).to.have.property('exitCode', 3);
    expect(await flaky(log)).to.equal(0);
  });

  describe('of calls at the same time', () => {
    it('run once', async () => {
      const futures = Array.from({ length: 20 }, () => mark(log, 'at once'));
      const [first, second] = futures;
      expect(place.kernel.explain(second?.taskId ?? 0)).to.equal(
        `task ${second?.taskId} (mark) waits for task ${first?.taskId}, the same call`,
      );
      expect(await Promise.all(futures)).to.deep.equal(Array(20).fill('at once'));
      expect(runsIn(log)).to.equal(1);
    });

    it('run again, one at a time, while the first fails', async () => {
      const third = bashApp((path: string) => `echo x >> ${path}; test $(wc -l < ${path}) -ge 3`, { name: 'third', cache: true });
      const futures = Array.from({ length: 5 }, () => third(log));
      const outcomes = await Promise.allSettled(futures);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
      expect(runsIn(log)).to.equal(3);
    });

    it('do not end with the first when that is cancelled, nor start when they are', async () => {
      const gate = place.path(`gate-${number}`);
      const wait = bashApp((path: string, out: string) => `echo x >> ${out}; while ! test -e ${path}; do sleep 0.01; done`, {
        name: 'wait',
        cache: true,
        killGrace: '1s',
      });
      const [first, second, third] = [wait(gate, log), wait(gate, log), wait(gate, log)];
      await eventually('the first at work', () => runsIn(log) === 1);
      third.cancel();
      expect(await failureOf(third)).to.be.instanceOf(CancelledError);
      first.cancel();
      expect(await failureOf(first)).to.be.instanceOf(CancelledError);
      await eventually('the second at work', () => runsIn(log) === 2);
      writeFileSync(gate, '');
      expect(await second).to.equal(0);
      expect(third.tries).to.have.length(0);
    });
  });

  describe('of other kinds of apps', () => {
    it('are those of joins, whose inner tasks do not run again', async () => {
      const join = joinApp((path: string, n: number) => Array.from({ length: n }, (_, i) => mark.with({ cache: false })(path, i)), {
        cache: true,
      });
      expect(await join(log, 3)).to.deep.equal([0, 1, 2]);
      const again = join(log, 3);
      expect(await again).to.deep.equal([0, 1, 2]);
      expect(again.tries).to.have.length(0);
      expect(runsIn(log)).to.equal(3);
    });

    it('of a join that only the driver can hold are not kept', async () => {
      const join = joinApp(async () => () => 1, { name: 'holds a function', cache: true });
      expect((await join())()).to.equal(1);
      expect((await join())()).to.equal(1);
    });

    it('are those of Python, by position and by keyword', async () => {
      const app = pythonApp<[x: number], number>(
        'def f(x, path, threads=1):\n    open(path, "a").write("ran\\n")\n    return x * threads / threads',
        {
          cache: true,
          ignoreForCache: ['threads'],
        },
      );
      expect(
        await runsOf(
          () => app(2, kw({ path: log })),
          () => app(2, kw({ threads: 4, path: log })),
          () => app(3, kw({ path: log })),
        ),
      ).to.equal(2);
    });

    it('are those of a command, with what its body takes from around it', async () => {
      let seed = 1;
      const app = bashApp((x: number) => `echo x >> ${log}; echo $((${x} + ${seed}))`, { cache: true, returns: 'json' });
      expect([await app(1), await app(1)]).to.deep.equal([2, 2]);
      seed = 2;
      expect(await app(1)).to.equal(3);
      expect(await app.with({ returns: 'stdout' })(1)).to.equal('3\n');
      expect(await app.with({ env: { A: 'b' } })(1)).to.equal(3);
      expect(runsIn(log)).to.equal(4);
    });
  });

  describe('of files', () => {
    it('count by size and time of change', async () => {
      const input = place.path(`in-${number}`);
      writeFileSync(input, 'one');
      utimesSync(input, 1, 1);
      const read = (): AppFuture<unknown> => mark(log, file(input));
      expect(await runsOf(read, read)).to.equal(1);
      utimesSync(input, 2, 2);
      const changed = read();
      await changed;
      expect(runsIn(log)).to.equal(2);
      expect(place.kernel.explain(changed.taskId)).to.match(/in args\[1\]$/);
      writeFileSync(input, 'longer');
      utimesSync(input, 2, 2);
      expect(await runsOf(read)).to.equal(3);
    });

    it('count among inputs too', async () => {
      const input = place.path(`in-${number}`);
      writeFileSync(input, 'one');
      const read = (): AppFuture<unknown> => mark.with({ inputs: [input] })(log, 'inputs');
      expect(await runsOf(read, read)).to.equal(1);
      writeFileSync(input, 'other');
      expect(await runsOf(read)).to.equal(2);
    });

    it('that a task has written must be as it left them', async () => {
      const out = place.path(`out-${number}`);
      const write = bashApp((path: string) => `echo x >> ${log}; echo done > ${path}`, { name: 'write', cache: true });
      const call = (): AppFuture<0> => write.with({ outputs: [out] })(out);
      expect(await runsOf(call, call)).to.equal(1);
      rmSync(out);
      const again = call();
      expect((await again.outputs[0])?.path).to.equal(out);
      expect(runsIn(log)).to.equal(2);
      expect(place.kernel.explain(again.taskId)).to.include(
        `run, though there was a result: its output ${out} has changed since, or is gone`,
      );
      writeFileSync(out, 'tampered with');
      expect(await runsOf(call)).to.equal(3);
    });

    it('that a task has written do not make another call of it when they are its argument as well', async () => {
      const out = file(place.path(`out-${number}`));
      const write = bashApp((to: { readonly path: DataFile }) => sh`echo x >> ${log}; echo done > ${to.path}`, {
        name: 'write file',
        cache: true,
      });
      const call = (): AppFuture<0> => write.with({ outputs: [out] })({ path: out });
      expect(await runsOf(call, call)).to.equal(1);
      writeFileSync(out.path, 'tampered with');
      expect(await runsOf(call)).to.equal(2);
    });
  });

  it('are left alone where arguments have no key; the call goes on without', async () => {
    const join = joinApp((f: () => number) => [mark(log, f())], { cache: true });
    const future = join(() => 5);
    expect(await future).to.deep.equal([5]);
    expect(place.kernel.explain(future.taskId)).to.include('run without the memo: args[0] is a function');
  });
}
