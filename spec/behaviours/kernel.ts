/** Behaviours 37–40: the kernel; and `map`. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import {
  bashApp,
  CancelledError,
  Config,
  DataFlowKernel,
  FlotillaError,
  joinApp,
  jsApp,
  load,
  NoKernelError,
  InvalidOptionError,
} from '../../index.ts';
import { makeConfigFolder } from '../support/configs.ts';
import { eventually } from '../support/eventually.ts';
import { type ExecutorUnderTest, failureOf, openKernel, useKernel } from '../support/kernel.ts';

const double = jsApp((x: number) => x * 2, { name: 'double' });
const hang = jsApp(() => new Promise<number>(() => setTimeout(() => undefined, 60_000)), { name: 'hang', killGrace: '1s' });

export function describeKernel(executor: ExecutorUnderTest): void {
  describe('without a kernel', () => {
    it('a call is a NoKernelError that says how to load one', () => {
      expect(() => double(1)).to.throw(
        NoKernelError,
        /app 'double' was called, but no kernel is loaded; put `await using kernel = await load\(\);`/,
      );
    });

    it('defining apps works', () => {
      expect(jsApp((x: number) => x).with({ retries: 1 })).to.be.a('function');
    });
  });

  describe('that is open', () => {
    const place = useKernel(executor);

    it('has a run directory with a number, and its executors by label', () => {
      expect(place.kernel.runDir).to.equal(place.path('runinfo/000'));
      expect(place.kernel.executors).to.deep.equal([executor.create().label]);
    });

    const wrongEnds: [options: object, says: RegExp][] = [
      [{ mode: 'now' }, /'wait', 'cleanup', 'skip'/],
      [{ timeout: 'soon' }, /soon/],
      [{ timeout: -1 }, /timeout/],
      [{ timeoutt: 3 }, /timeout/],
    ];
    for (const [options, says] of wrongEnds) {
      it(`is not closed by close(${inspect(options)}), which is refused`, async () => {
        const error = await place.kernel.close(options).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(InvalidOptionError);
        expect(String(error)).to.match(says);
        expect(await double(1)).to.equal(2);
      });
    }

    it('is the only one: a second is refused, which names the first', async () => {
      const { compiled } = new Config({ executors: [executor.create()], runDir: place.path('second') });
      const error = await DataFlowKernel.start(compiled).catch((caught: unknown) => caught as FlotillaError);
      expect(error).to.be.instanceOf(FlotillaError);
      expect(String(error)).to.include(place.kernel.runDir);
      expect(await double(1)).to.equal(2);
    });

    it('counts its tasks and waits for those that there are', async () => {
      const before = place.kernel.counts();
      const futures = [double(1), double(2)];
      const { running, queued } = place.kernel.counts();
      expect(running + queued).to.equal(2);
      await place.kernel.waitForCurrentTasks();
      expect(futures.every(({ done }) => done)).to.equal(true);
      expect(place.kernel.counts()).to.deep.equal({ ...before, total: before.total + 2, done: before.done + 2 });
    });

    it('explains what a task waits for', async () => {
      const gate = Promise.withResolvers<number>();
      const first = double(gate.promise);
      const second = double(first);
      expect(place.kernel.explain(second.taskId)).to.match(
        new RegExp(`^task ${second.taskId} \\(double\\) waits for task ${first.taskId} \\(double, pending\\)`),
      );
      expect(place.kernel.explain(first.taskId)).to.include('1 promise(s)');
      gate.resolve(1);
      await second;
      expect(place.kernel.explain(second.taskId)).to.equal(`task ${second.taskId} has ended`);
      expect(place.kernel.explain(999_999)).to.include('there is no task 999999');
    });

    it("shows a task's label behind its app's name, wherever it is named", async () => {
      const failing = bashApp(() => 'exit 3', { name: 'failing' });
      const heard: unknown[] = [];
      const listen = (message: unknown): number => heard.push(message);
      subscribe('flotilla:failure', listen);
      const gate = Promise.withResolvers<number>();
      const first = double.with({ label: 'x = 21' })(gate.promise);
      const second = double(first);
      expect(place.kernel.explain(first.taskId)).to.include(`task ${first.taskId} (double: x = 21) waits`);
      expect(place.kernel.explain(second.taskId)).to.include(`task ${first.taskId} (double: x = 21, pending)`);
      expect(inspect(first)).to.equal(`AppFuture { task ${first.taskId} (double: x = 21), pending }`);
      gate.resolve(21);
      const third = failing.with({ label: 'the third' })();
      await place.kernel.waitForCurrentTasks();
      unsubscribe('flotilla:failure', listen);
      const unobserved = place.kernel.unobservedFailures().find(({ taskId }) => taskId === third.taskId);
      expect(unobserved?.name).to.equal('failing: the third');
      expect(heard).to.have.length(1);
      expect(heard[0]).to.include({ taskId: third.taskId, name: 'failing', label: 'the third' });
      await failureOf(third);
    });

    it('explains where a running and a queued task are', async () => {
      const mark = place.path('hanging');
      const marked = bashApp((name: string) => `touch ${mark}.${name}; sleep 60`, { name: 'marked', killGrace: '1s' });
      const running = [marked('a'), marked('b')];
      const queued = marked('c');
      try {
        await eventually('both workers at work', () => existsSync(`${mark}.a`) && existsSync(`${mark}.b`));
        const [first, last] = [running[0]?.taskId ?? 0, queued.taskId].map((id) => place.kernel.explain(id));
        expect(first)
          .to.match(/task \d+ \(marked\), try 1, has been launched for [\d.]+ s: /)
          .and.include(`executor '${place.kernel.executors[0]}'`)
          .and.match(/runs|running/);
        expect(last).to.match(/queue|waits for a worker/);
      } finally {
        // The queued one first: a worker that comes free would begin it.
        for (const future of [queued, ...running]) future.cancel();
      }
      for (const future of [...running, queued]) expect(await failureOf(future)).to.be.instanceOf(CancelledError);
      expect(existsSync(`${mark}.c`), 'what was queued never started').to.equal(false);
    });

    it('refuses the label of an executor that it has not, with the nearest one', async () => {
      const label = executor.create().label;
      const error = await failureOf(double.with({ executors: [`${label}s`] })(1));
      expect(error.message).to.include(`'${label}s'`).and.include(`did you mean '${label}'`);
    });

    it('keeps priorities among tasks that wait for a worker', async () => {
      const log = place.path('order');
      const note = bashApp((name: string) => `sleep 0.05; echo ${name} >> ${log}`, { name: 'note' });
      const first = [note('a'), note('b')];
      await eventually('both workers at work', () => first.every(({ state }) => state === 'launched'));
      const others = [note.with({ priority: -1 })('low'), note('usual'), note.with({ priority: 5 })('high')];
      await Promise.all([...first, ...others]);
      const order = (await bashApp(() => `cat ${log}`, { returns: 'lines' })()).slice(2);
      expect(order.indexOf('high')).to.be.lessThan(order.indexOf('low'));
    });

    describe('map', () => {
      it('yields results in the order of the items', async () => {
        const results: number[] = [];
        for await (const value of double.map([1, 2, 3, 4, 5], { window: 2 })) results.push(value);
        expect(results).to.deep.equal([2, 4, 6, 8, 10]);
      });

      it('takes endless and asynchronous items, never more at once than its window', async () => {
        let taken = 0;
        async function* endless(): AsyncGenerator<number> {
          for (;;) yield taken++;
        }
        let seen = 0;
        for await (const value of double.map(endless(), { window: 5 })) {
          expect(value).to.equal(2 * seen++);
          expect(taken).to.be.at.most(seen + 5);
          if (seen === 20) break;
        }
      });

      it('ends with the error of the first that fails, and cancels what is under way', async () => {
        const risky = jsApp(
          async (x: number) => {
            if (x === 1) throw new RangeError('one');
            if (x > 1) await new Promise(() => setTimeout(() => undefined, 60_000));
            return x;
          },
          { name: 'risky', killGrace: '1s' },
        );
        const results: number[] = [];
        const iterate = async (): Promise<void> => {
          for await (const value of risky.map([0, 1, 2, 3], { window: 4 })) results.push(value);
        };
        expect(await iterate().catch((error: unknown) => error)).to.be.instanceOf(RangeError);
        expect(results).to.deep.equal([0]);
        await place.kernel.waitForCurrentTasks();
      });

      it('yields outcomes with settle, and spreads argument lists', async () => {
        const divide = jsApp(
          (a: number, b: number) => {
            if (b === 0) throw new RangeError('by zero');
            return a / b;
          },
          { name: 'divide' },
        );
        const outcomes: unknown[] = [];
        for await (const outcome of divide.map(
          [
            [6, 3],
            [1, 0],
          ],
          { settle: true, spread: true },
        ))
          outcomes.push(outcome);
        expect(outcomes[0]).to.deep.equal({ status: 'fulfilled', value: 2 });
        expect(outcomes[1]).to.have.property('status', 'rejected');
      });

      it('drops the records of tasks that have ended: memory does not grow with their number', async function () {
        this.timeout(60_000);
        const collectGarbage = garbageCollector();
        let [seen, early] = [0, 0];
        for await (const value of double.map(numbers(60_000), { window: 2000 })) {
          if (value !== 2 * seen++) throw new Error(`result ${seen - 1} is ${value}`);
          if (seen === 20_000) early = heapAfter(collectGarbage);
        }
        const { waiting, queued, running } = place.kernel.counts();
        expect(waiting + queued + running).to.equal(0);
        expect(heapAfter(collectGarbage) - early, 'bytes for 40,000 tasks').to.be.lessThan(4_000_000);
      });
    });

    it('passes a chain of 100,000 tasks without overflow, no slower at its end than at its start', async function () {
      this.timeout(120_000);
      const add = jsApp((x: number) => x + 1, { name: 'add' });
      const time = async (length: number): Promise<number> => {
        const gate = Promise.withResolvers<number>();
        let last = add(gate.promise);
        for (let i = 1; i < length; i++) last = add(last);
        const started = performance.now();
        gate.reject(new Error('at the root'));
        const error = await failureOf(last);
        expect(error.message).to.include('more …').and.include('at the root');
        return performance.now() - started;
      };
      const short = await time(10_000);
      const long = await time(100_000);
      expect(long).to.be.lessThan(100 * Math.max(short, 20));
      let last = add(0);
      for (let i = 1; i < 2000; i++) last = add(last);
      expect(await last).to.equal(2000);
    });
  });

  it('works twice with one Config', async () => {
    const executors = [executor.create()];
    for (const number of [1, 2]) {
      const opened = await openKernel(executor, { executors });
      expect(await double(number)).to.equal(2 * number);
      await opened.dispose();
    }
    expect(() => double(1)).to.throw(NoKernelError);
  });

  it('numbers its run directories', async () => {
    const first = await openKernel(executor);
    const parent = first.path('runinfo');
    await first.kernel.close();
    const second = await DataFlowKernel.start(new Config({ executors: [executor.create()], runDir: parent }).compiled);
    expect(basename(second.runDir)).to.equal('001');
    await second.close();
    await first.dispose();
  });

  describe('that is closed', () => {
    it('has waited for its tasks, also for those that joins called meanwhile', async () => {
      const opened = await openKernel(executor);
      const gate = Promise.withResolvers<number>();
      const join = joinApp((x: number) => double(double(x)))(gate.promise);
      const closing = opened.kernel.close();
      gate.resolve(1);
      await closing;
      expect(await join).to.equal(4);
      expect(() => double(1)).to.throw(NoKernelError);
      await opened.dispose();
    });

    it("has cancelled them with mode 'cleanup', and after its timeout", async () => {
      for (const options of [{ mode: 'cleanup' }, { timeout: 0.2 }] as const) {
        const opened = await openKernel(executor);
        const future = hang();
        const waiting = double(future);
        const outcomes = Promise.all([failureOf(future), failureOf(waiting)]);
        await opened.kernel.close(options);
        expect((await outcomes)[0]).to.be.instanceOf(CancelledError);
        await opened.dispose();
      }
    });

    it('still has the results that were too large to be kept in the driver', async () => {
      const opened = await openKernel(executor);
      const large = jsApp(() => new Uint8Array(500_000), { name: 'large' })();
      await opened.kernel.waitForCurrentTasks();
      await opened.kernel.close();
      expect((await large).length).to.equal(500_000);
      await opened.dispose();
    });
  });
}

export function describeRefusedConfigs(): void {
  const refused = [
    {
      what: 'a label twice',
      text: 'executors:\n  - type: ThreadPoolExecutor\n    label: same\n  - type: ThreadPoolExecutor\n    label: same\n',
      at: /:5:12/,
      says: /same/,
    },
    { what: 'an unknown key', text: 'retrys: 2\n', at: /:1:1/, says: /retries/ },
    {
      what: 'an unknown key of an executor',
      text: 'executors:\n  - type: ThreadPoolExecutor\n    maxThread: 2\n',
      at: /:3:5/,
      says: /maxThreads/,
    },
    { what: 'a wrong type', text: 'executors: []\nretries: many\n', at: /:2:10/, says: /many/ },
  ];
  for (const { what, text, at, says } of refused) {
    it(`${what} is refused at its line and column`, async () => {
      const folder = await makeConfigFolder();
      const error = await load(await folder.write('config.yaml', text)).catch((caught: unknown) => caught as Error);
      await folder.remove();
      expect(error).to.have.property('name', 'ConfigError');
      expect(String(error)).to.match(at).and.match(says);
    });
  }
}

function* numbers(end: number): Iterable<number> {
  for (let i = 0; i < end; i++) yield i;
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function heapAfter(collectGarbage: () => void): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
