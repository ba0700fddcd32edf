/** Behaviours 14–19: errors, retries, time. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  bashApp,
  CancelledError,
  DefinitionError,
  isAppError,
  jsApp,
  PoisonTaskError,
  pythonApp,
  SerializationError,
  sh,
  WalltimeError,
  WorkerLost,
} from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';
import { isAlive } from '../support/leftovers.ts';

/** The line of this file that holds `text`. */
const lineOf = (text: string): number =>
  readFileSync(import.meta.filename, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

/** Fails until it has been called `times` times; the count is kept in a file. */
const flaky = jsApp(
  async (counter: string, times: number) => {
    const { appendFileSync, readFileSync: read } = await import('node:fs');
    appendFileSync(counter, 'x');
    const calls = read(counter, 'utf8').length;
    if (calls < times) throw new Error(`call ${calls}`);
    return calls;
  },
  { name: 'flaky' },
);

export function describeErrors(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);

  describe("an app's error", () => {
    it('keeps its class, name, message, own fields and cause', async () => {
      const error = await failureOf<RangeError & { limit: number; code: string }>(
        jsApp(
          () => {
            throw Object.assign(new RangeError('too far', { cause: new TypeError('inner') }), { limit: 3, code: 'E_FAR' });
          },
          { name: 'far' },
        )(),
      );
      expect(error).to.be.instanceOf(RangeError);
      expect(error.message).to.equal('too far');
      expect(error.limit).to.equal(3);
      expect(error.code, 'its own code stays its own').to.equal('E_FAR');
      expect(error.cause).to.be.instanceOf(TypeError).with.property('message', 'inner');
    });

    it('has the stack of where it was thrown: file and line of the script', async () => {
      const error = await failureOf(
        jsApp(
          (depth: number): never => {
            const fall = (left: number): never => {
              if (left > 0) return fall(left - 1);
              throw new Error('here it was thrown');
            };
            return fall(depth);
          },
          { name: 'deep' },
        )(2),
      );
      const expected = `${import.meta.filename}:${lineOf("throw new Error('here it was thrown')")}:`;
      expect(error.stack?.split('\n')[1]).to.include(expected);
      expect(error.stack).not.to.include('/lib/kernel/');
    });

    it('says under `flotilla` which task it was, and prints it', async () => {
      const future = jsApp(
        () => {
          throw new Error('of a task');
        },
        { name: 'culprit' },
      )();
      const error = await failureOf(future);
      expect(isAppError(error)).to.equal(true);
      if (!isAppError(error)) return;
      expect(error.flotilla.code).to.equal('FLOTILLA_APP_ERROR');
      expect(error.flotilla.task).to.include({ id: future.taskId, app: 'culprit', try: 1 });
      expect(inspect(error)).to.include(`task ${future.taskId} (culprit), try 1`);
      expect(Object.keys(error)).to.deep.equal([]);
    });

    it('may be no error at all', async () => {
      const toss = jsApp(
        (value: unknown) => {
          throw value;
        },
        { name: 'toss' },
      );
      expect(String(await failureOf(toss('a string')))).to.include('a string');
      expect(String(await failureOf(toss(null)))).to.include('null');
    });

    it('arrives from an asynchronous app, and from a timer that it started', async () => {
      expect(await failureOf(jsApp(async () => Promise.reject(new TypeError('async')))())).to.have.property('message', 'async');
      const stray = jsApp(
        () =>
          new Promise(() =>
            setTimeout(() => {
              throw new EvalError('out of a timer');
            }, 5),
          ),
      );
      expect(await failureOf(stray()))
        .to.be.instanceOf(EvalError)
        .with.property('message', 'out of a timer');
    });
  });

  describe('retries', () => {
    it('2 means three tries, all of them visible', async () => {
      const future = flaky.with({ retries: 2 })(place.path('three'), 9);
      const error = await failureOf(future);
      expect(error.message).to.equal('call 3');
      expect(future.tries.map(({ number, outcome }) => [number, outcome])).to.deep.equal([
        [1, 'failed'],
        [2, 'failed'],
        [3, 'failed'],
      ]);
      expect(future.tries.map((one) => (one.error as Error).message)).to.deep.equal(['call 1', 'call 2', 'call 3']);
      for (const { start, end, executor: label, worker } of future.tries) {
        expect(start).to.be.instanceOf(Date);
        expect(Number(end)).to.be.at.least(Number(start));
        expect(label).to.equal(place.kernel.executors[0]);
        expect(worker).not.to.equal('');
      }
    });

    it('end with the first try that succeeds', async () => {
      const future = flaky.with({ retries: 5 })(place.path('second'), 2);
      expect(await future).to.equal(2);
      expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['failed', 'done']);
    });

    it('are none by default', async () => {
      expect(await failureOf(flaky(place.path('once'), 2))).to.have.property('message', 'call 1');
    });

    it('are of no use where the function cannot be loaded', async () => {
      const future = jsApp(new URL('./no-such-module.ts', import.meta.url), 'run', { retries: 3 })();
      expect(await failureOf(future)).to.be.instanceOf(DefinitionError);
      expect(future.tries.length).to.equal(1);
    });
  });

  describe('a worker that is lost', () => {
    it('costs none of the retries, and the third stops the task as poisonous', async () => {
      const deadly = jsApp(
        async (log: string) => {
          const { appendFileSync } = await import('node:fs');
          appendFileSync(log, 'x');
          process.exit(3);
        },
        { name: 'deadly' },
      );
      const future = deadly(place.path('deaths'));
      const error = await failureOf<PoisonTaskError>(future);
      expect(error).to.be.instanceOf(PoisonTaskError).and.instanceOf(WorkerLost);
      expect(error.losses.length).to.equal(3);
      expect(error.exitCode).to.equal(3);
      expect(await readFile(place.path('deaths'), 'utf8')).to.equal('xxx');
      expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['lost', 'lost', 'lost']);
      expect(await jsApp(() => 'recovered')(), 'the pool goes on').to.equal('recovered');
    });

    it("ends a task at once where onLost is 'fail'", async () => {
      const future = jsApp(() => process.exit(4), { name: 'once', onLost: 'fail', retries: 3 })();
      const error = await failureOf<WorkerLost>(future);
      expect(error).to.be.instanceOf(WorkerLost);
      expect(error.exitCode).to.equal(4);
      expect(future.tries.length).to.equal(1);
    });

    it('does not take its finished neighbours with it', async () => {
      const counted = jsApp(
        async (log: string, i: number) => {
          const { appendFileSync } = await import('node:fs');
          appendFileSync(log, `${i}\n`);
          if (i === 25) process.exit(5);
          return i;
        },
        { name: 'counted', onLost: 'retry' },
      );
      const log = place.path('counted');
      const futures = Array.from({ length: 50 }, (_, i) => counted(log, i));
      const outcomes = await Promise.allSettled(futures);
      expect(outcomes.map(({ status }, i) => (status === 'rejected' ? i : -1)).filter((i) => i >= 0)).to.deep.equal([25]);
      const runs = (await readFile(log, 'utf8')).trim().split('\n');
      expect(runs.filter((line) => line === '25').length).to.equal(3);
    });
  });

  describe('past its walltime', () => {
    it('a task that spins is ended', async () => {
      const spin = jsApp(
        () => {
          for (;;);
        },
        { name: 'spin', walltime: '300ms', killGrace: '1s' },
      );
      const future = spin();
      const error = await failureOf<WalltimeError>(future);
      expect(error).to.be.instanceOf(WalltimeError);
      expect(error.walltimeMs).to.equal(300);
      expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['walltime']);
      expect(await jsApp(() => 1)(), 'the worker is replaced').to.equal(1);
    });

    it('a JavaScript task is ended with what it has started', async () => {
      const parent = jsApp(
        async (pidFile: string) => {
          const { spawn } = await import('node:child_process');
          const { writeFileSync } = await import('node:fs');
          const inside = spawn('sleep', ['300'], { stdio: 'ignore' });
          const outside = spawn('sleep', ['301'], { stdio: 'ignore', detached: true });
          writeFileSync(pidFile, `${inside.pid} ${outside.pid}`);
          await new Promise(() => setTimeout(() => undefined, 300_000));
        },
        { name: 'parent', walltime: '1500ms', killGrace: '1s' },
      );
      expect(await failureOf(parent(place.path('js-pids')))).to.be.instanceOf(WalltimeError);
      await expectGone(place.path('js-pids'));
    });

    it('a bash command is ended with its grandchildren, also one that left the process group', async () => {
      const pids = place.path('bash-pids');
      const tree = bashApp(
        () => sh`sleep 302 & a=$!; setsid sleep 303 & b=$!; (sleep 304 & echo $! > ${`${pids}.inner`}; wait) & echo $a $b > ${pids}; wait`,
        {
          name: 'tree',
          walltime: '1500ms',
          killGrace: '1s',
        },
      );
      expect(await failureOf(tree())).to.be.instanceOf(WalltimeError);
      await expectGone(pids);
      await expectGone(`${pids}.inner`);
    });

    it('a command that ignores TERM is killed after killGrace', async () => {
      const pids = place.path('stubborn-pids');
      const stubborn = bashApp(() => sh`trap '' TERM; echo $$ > ${pids}; while :; do sleep 0.05; done`, {
        name: 'stubborn',
        walltime: '1s',
        killGrace: '500ms',
      });
      const started = Date.now();
      expect(await failureOf(stubborn())).to.be.instanceOf(WalltimeError);
      expect(Date.now() - started, 'not before its grace is over').to.be.at.least(1450);
      await expectGone(pids);
    });

    it('a Python task is ended with what it has started', async () => {
      const pids = place.path('python-pids');
      const sleeper = pythonApp<[string], null>(
        `
        def sleeper(pids):
            import subprocess, time
            inside = subprocess.Popen(['sleep', '305'])
            outside = subprocess.Popen(['sleep', '306'], start_new_session=True)
            with open(pids, 'w') as out:
                out.write('%d %d' % (inside.pid, outside.pid))
            time.sleep(300)
      `,
        { walltime: '1500ms', killGrace: '1s' },
      );
      expect(await failureOf(sleeper(pids))).to.be.instanceOf(WalltimeError);
      await expectGone(pids);
    });

    it('does not concern a task that is in time', async () => {
      expect(await jsApp(() => 'in time', { walltime: '20s' })()).to.equal('in time');
    });
  });

  describe('cancel', () => {
    it('ends a waiting task, which never starts', async () => {
      const gate = Promise.withResolvers<string>();
      const waiting = flaky(gate.promise, 1);
      waiting.cancel('changed my mind');
      const error = await failureOf<CancelledError>(waiting);
      expect(error).to.be.instanceOf(CancelledError);
      expect(error.message).to.match(/^task \d+ \(flaky\) was cancelled: changed my mind$/);
      expect(error.stack).not.to.include('/lib/');
      expect(waiting.state).to.equal('cancelled');
      gate.resolve('');
    });

    it('takes anything for a reason', async () => {
      const gate = Promise.withResolvers<string>();
      for (const reason of [Symbol('tired'), { a: () => 1 }, 2n ** 70n, new RangeError('too far')]) {
        const waiting = flaky(gate.promise, 1);
        waiting.cancel(reason as unknown as string);
        expect((await failureOf<CancelledError>(waiting)).message).to.match(/was cancelled: .*(tired|a:|2n|4n|too far)/);
      }
      gate.resolve('');
    });

    it('ends a running task with everything it started', async () => {
      const pids = place.path('cancelled-pids');
      const future = bashApp(() => sh`sleep 307 & echo $! $$ > ${pids}; wait`, { killGrace: '2s' })();
      await eventually('the command', () =>
        readFile(pids, 'utf8').then(
          (text) => text.endsWith('\n'),
          () => false,
        ),
      );
      future.cancel();
      const error = await failureOf<CancelledError>(future);
      expect(error).to.be.instanceOf(CancelledError);
      expect(error.message).to.match(/was cancelled$/);
      await expectGone(pids);
    });

    it('ends a task that spins, also behind short ones of its batch', async () => {
      const mixed = jsApp(
        (ms: number) => {
          const end = Date.now() + ms;
          while (Date.now() < end);
          return ms;
        },
        { name: 'mixed', killGrace: '1s' },
      );
      await Promise.all(Array.from({ length: 200 }, () => mixed(0)));
      const short = [mixed(0), mixed(0), mixed(0)];
      const endless = mixed(600_000);
      const behind = [mixed(0), mixed(0), mixed(0)];
      expect(await Promise.all(short), 'is not held back by the long one').to.deep.equal([0, 0, 0]);
      endless.cancel();
      expect(await failureOf(endless)).to.be.instanceOf(CancelledError);
      expect(await Promise.all(behind)).to.deep.equal([0, 0, 0]);
    });

    it('fails dependents with DependencyErrors', async () => {
      const gate = Promise.withResolvers<string>();
      const waiting = flaky(gate.promise, 1);
      const dependent = jsApp((x: number) => x)(waiting);
      waiting.cancel();
      expect((await failureOf(dependent)).cause).to.be.instanceOf(CancelledError);
      gate.resolve('');
    });

    it('does nothing once the task is done', async () => {
      const future = jsApp(() => 'done')();
      await future;
      future.cancel();
      expect(await future).to.equal('done');
      expect(future.state).to.equal('done');
    });
  });

  describe('what cannot travel', () => {
    it('rejects the future of a call, and names its path', async () => {
      const take = jsApp((value: unknown) => value, { name: 'take' });
      const error = await failureOf<SerializationError>(take({ callbacks: [1, { done: () => 1 }] }));
      expect(error).to.be.instanceOf(SerializationError);
      expect(error.path).to.equal('args[0].callbacks[1].done');
      expect(error.message).to.include('a function (done)');
    });

    it('is told how to pass a future that lies where nobody waits for it', async () => {
      const take = jsApp((value: unknown) => value, { name: 'take' });
      const inner = take(1);
      await inner;
      const error = await failureOf<SerializationError>(take(new Map([['x', inner]])));
      expect(error.message).to.match(
        /args\[0\]\.get\('x'\) is an AppFuture in a place where .*; pass it directly, in an array or in a plain object$/,
      );
    });

    it('fails a task that returns it', async () => {
      const error = await failureOf<SerializationError>(jsApp(() => ({ nested: { fn() {} } }), { name: 'give', retries: 2 })());
      expect(error).to.be.instanceOf(SerializationError);
      expect(error.path).to.include('nested.fn');
    });
  });

  it('refuses unknown resource keys with the nearest right one', () => {
    expect(() => jsApp(() => 1, { resources: { core: 2 } as never }))
      .to.throw(/core/)
      .with.property('nearest', 'cores');
  });
}

/** The processes whose ids are in the file are gone, or about to be. */
async function expectGone(pidFile: string): Promise<void> {
  const pids = (await readFile(pidFile, 'utf8')).trim().split(/\s+/).map(Number);
  expect(
    pids.every((pid) => pid > 0),
    pids.join(),
  ).to.equal(true);
  await eventually(`the end of ${pids.join(', ')}`, () => !pids.some(isAlive));
}
