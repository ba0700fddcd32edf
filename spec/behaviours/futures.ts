/** Behaviours 1–9: futures and dependencies. */
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  AppFuture,
  bashApp,
  DependencyError,
  type FlotillaError,
  InvalidOptionError,
  joinApp,
  jsApp,
  ResultTimeoutError,
} from '../../index.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';

const double = jsApp((x: number) => x * 2);
const add = jsApp((a: number, b: number) => a + b, { name: 'add' });
const echo = jsApp((value: unknown) => value, { name: 'echo' });
const fail = jsApp(
  (message: string): number => {
    throw new RangeError(message);
  },
  { name: 'fail' },
);

export function describeFutures(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);

  it('returns a future at once, before anything has run', async () => {
    const future = double(21);
    expect(future).to.be.instanceOf(AppFuture);
    expect(future.done).to.equal(false);
    expect(await future).to.equal(42);
    expect(future.done).to.equal(true);
  });

  it('delays a launch until a future argument is there, and replaces it by its value', async () => {
    const slow = jsApp(() => new Promise<number>((resolve) => setTimeout(() => resolve(20), 50)), { name: 'slow' })();
    const sum = add(slow, 22);
    expect(sum.state).to.equal('pending');
    expect(await sum).to.equal(42);
    expect(slow.done).to.equal(true);
  });

  it('takes a plain promise as a dependency', async () => {
    const later = Promise.withResolvers<number>();
    const sum = add(later.promise, 2);
    await delay(0);
    expect(sum.state).to.equal('pending');
    later.resolve(40);
    expect(await sum).to.equal(42);
  });

  it('fails a dependent of a rejected promise with the reason as its cause', async () => {
    const reason = new Error('not today');
    const error = await failureOf<DependencyError>(add(Promise.reject(reason), 1));
    expect(error).to.be.instanceOf(DependencyError);
    expect(error.cause).to.equal(reason);
    expect(error.message).to.include('it needs a promise, which failed: Error: not today');
  });

  describe('when a task fails', () => {
    it('fails all of a chain of three with DependencyErrors that name the way to the root, and runs none of them', async () => {
      const root = fail('broken');
      const first = add(root, 1);
      const second = add(first, 1);
      const third = add(second, 1);
      const error = await failureOf<DependencyError>(third);
      expect(error).to.be.instanceOf(DependencyError);
      const chain = [third, second, first].map(({ taskId }) => `task ${taskId} (add)`).join(', which needs ');
      expect(error.message.replace(' did not run: it needs', ', which needs')).to.include(chain);
      expect(error.message).to.include(`task ${root.taskId} (fail), which failed: RangeError: broken`);
      for (const dependent of [first, second, third]) {
        expect((await failureOf<DependencyError>(dependent)).cause).to.equal(await failureOf(root));
        expect(dependent.tries).to.deep.equal([]);
        expect(dependent.state).to.equal('dependencyFailed');
      }
    });

    it('fails each branch off it', async () => {
      const root = fail('broken');
      const branches = [1, 2, 3].map((n) => add(root, n));
      for (const branch of branches) expect(await failureOf(branch)).to.be.instanceOf(DependencyError);
    });

    it('fails what is called after the failure as well', async () => {
      const root = fail('broken');
      await failureOf(root);
      const error = await failureOf<DependencyError>(add(root, 1));
      expect(error).to.be.instanceOf(DependencyError);
      expect(error.message).to.include(`task ${root.taskId} (fail)`);
    });

    it('lets independent tasks go on', async () => {
      const root = fail('broken');
      const lost = add(root, 1);
      expect(await add(20, 22)).to.equal(42);
      await failureOf(lost);
    });

    it('gives DependencyErrors no stack of the engine', async () => {
      const error = await failureOf(add(fail('broken'), 1));
      expect(error.stack).not.to.include('/lib/');
    });
  });

  it('resolves futures nested five deep in arrays and objects', async () => {
    const value = await echo({ a: [{ b: [{ c: double(1) }, double(2)] }], d: double(3), e: [[[[double(4)]]]] });
    expect(value).to.deep.equal({ a: [{ b: [{ c: 2 }, 4] }], d: 6, e: [[[[8]]]] });
  });

  it('refuses a future in a Map instead of overlooking it', async () => {
    const error = await failureOf<FlotillaError>(echo(new Map([['x', double(1)]])));
    expect(error).to.have.property('code', 'FLOTILLA_SERIALIZATION_ERROR');
    expect(error.message).to.include('args[0].get(');
  });

  class Holder {
    readonly future = double(1);
  }
  const hidden: [what: string, make: () => object, path: RegExp][] = [
    ['a Map', () => new Map([['x', double(1)]]), /args\[0\]\.get\(/],
    ['a Set', () => ({ s: new Set([double(1)]) }), /args\[0\]\.s/],
    ['an instance of a class', () => [new Holder()], /args\[0\]\[0\]\.future/],
  ];
  for (const [what, make, path] of hidden) {
    it(`refuses a future in ${what} also where the arguments stay in the driver`, async () => {
      for (const app of [
        bashApp((value: unknown) => `echo ${String(value)}`),
        joinApp((value: unknown) => [double(1), double(Number(value))]),
      ]) {
        const error = await failureOf<FlotillaError>(app(make()));
        expect(error).to.have.property('code', 'FLOTILLA_SERIALIZATION_ERROR');
        expect(error.message).to.match(path).and.to.include('pass it directly, in an array or in a plain object');
      }
    });
  }

  it('refuses a join that returns a future in a Map', async () => {
    const error = await failureOf<FlotillaError>(joinApp(() => [double(1), new Map([['x', double(2)]])])());
    expect(error).to.have.property('code', 'FLOTILLA_SERIALIZATION_ERROR');
    expect(error.message).to.match(/result\[1\]\.get\(/);
  });

  const wrongLimits: [options: object, says: RegExp][] = [
    [{ timeout: Number.NaN }, /timeout/],
    [{ timeout: -1 }, /timeout/],
    [{ timeout: null }, /timeout/],
    [{ timeout: 'soon' }, /soon/],
    [{ timeuot: 3 }, /timeout/],
    [{ signal: 'stop' }, /AbortSignal/],
  ];
  for (const [options, says] of wrongLimits) {
    it(`refuses result(${inspect(options)})`, () => {
      expect(() => double(1).result(options)).to.throw(InvalidOptionError, says);
    });
  }

  it('does not take a wait that was too short for the error of the task', async () => {
    const slow = jsApp(() => new Promise<number>((resolve) => setTimeout(() => resolve(1), 500)))();
    expect(await slow.exception({ timeout: '1ms' }).catch((error: unknown) => error)).to.be.instanceOf(ResultTimeoutError);
    expect(await slow.exception()).to.equal(undefined);
  });

  it('takes arguments as they are at the call, also where the task has to wait', async () => {
    const gate = Promise.withResolvers<number>();
    const parameters = { t: 0, list: [0] };
    const calls = [1, 2, 3].map((t) => {
      parameters.t = t;
      parameters.list[0] = t;
      return echo([parameters, gate.promise]);
    });
    parameters.t = 99;
    gate.resolve(7);
    expect(await Promise.all(calls)).to.deep.equal([1, 2, 3].map((t) => [{ t, list: [t] }, 7]));
  });

  it('fails the task, not the call, where arguments cannot be read, and closes all the same', async () => {
    const thorny = {
      get a(): number {
        throw new RangeError('boo');
      },
    };
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(String(await failureOf(echo(thorny)))).to.include('boo');
    await failureOf(echo(deep));
    expect(place.kernel.counts()).to.include({ waiting: 0, queued: 0, running: 0 });
  });

  it('runs a task once that depends on the same future twice', async () => {
    const before = place.kernel.counts().total;
    const x = double(4);
    expect(await add(x, x)).to.equal(16);
    expect(place.kernel.counts().total).to.equal(before + 2);
  });

  describe('get(key)', () => {
    it('is a future of one element, found only when it is there', async () => {
      const point = echo({ x: 1, list: ['a', 'b'] }) as AppFuture<{ x: number; list: string[] }>;
      const element = point.get('list').get(1);
      expect(element.done).to.equal(false);
      expect(await element).to.equal('b');
      expect(await double(point.get('x'))).to.equal(2);
    });

    it('rejects that future only, for a key that is not there, and names what is', async () => {
      const point = echo({ x: 1, y: 2 }) as AppFuture<{ x: number; z: number }>;
      const error = await failureOf(point.get('z'));
      expect(error.message).to.match(/get\("z"\): the value of task \d+ \(echo\) has no such key; it has the keys x, y/);
      expect(await point.get('x')).to.equal(1);
    });

    it('fails who depends on a key that is not there', async () => {
      const point = echo({ x: 1 }) as AppFuture<{ z: number }>;
      const error = await failureOf<DependencyError>(double(point.get('z')));
      expect(error).to.be.instanceOf(DependencyError);
      expect(error.cause).to.be.instanceOf(RangeError);
    });

    it('finds an element of a value too large to be kept in the driver', async () => {
      const large = jsApp(() => ({ bytes: new Uint8Array(400_000), n: 21 }), { name: 'large' })();
      expect(await double(large.get('n'))).to.equal(42);
      await large;
      expect(await double(large.get('n')), 'after the value is there').to.equal(42);
      expect(await large.get('n')).to.equal(21);
    });

    it('counts as looking at the whole', async () => {
      const broken = fail('seen through its element');
      await failureOf((broken as AppFuture<unknown> as AppFuture<{ x: number }>).get('x'));
      expect(place.kernel.unobservedFailures().map(({ taskId }) => taskId)).not.to.include(broken.taskId);
    });
  });

  it('does not count what the script has cancelled among failures that nobody looked at', async () => {
    const gate = Promise.withResolvers<number>();
    const cancelled = double(gate.promise);
    cancelled.cancel('enough');
    const root = fail.with({ onFailure: 'cancelSuccessors' })('cancels what follows');
    const successor = double(root);
    await failureOf(root);
    await place.kernel.waitForCurrentTasks();
    expect([cancelled.state, successor.state]).to.deep.equal(['cancelled', 'cancelled']);
    const unobserved = place.kernel.unobservedFailures().map(({ taskId }) => taskId);
    expect([cancelled, successor].filter(({ taskId }) => unobserved.includes(taskId))).to.deep.equal([]);
  });

  it('keeps a failure that nobody looked at for the end, and crashes nothing', async () => {
    const ignored = fail('ignored');
    await place.kernel.waitForCurrentTasks();
    expect(place.kernel.unobservedFailures().map(({ taskId }) => taskId)).to.include(ignored.taskId);
    await failureOf(ignored);
    expect(place.kernel.unobservedFailures().map(({ taskId }) => taskId)).not.to.include(ignored.taskId);
  });

  describe('result()', () => {
    it('gives up after its timeout while the task goes on', async () => {
      const slow = jsApp(() => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 200)), { name: 'slow' })();
      const error = await slow.result({ timeout: '20ms' }).catch((caught: unknown) => caught as FlotillaError);
      expect(error).to.have.property('code', 'FLOTILLA_RESULT_TIMEOUT_ERROR');
      expect(await slow).to.equal('done');
    });

    it('gives up when its signal aborts', async () => {
      const slow = jsApp(() => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 200)), { name: 'slow' })();
      const stop = new AbortController();
      const waiting = slow.result({ signal: stop.signal }).catch((caught: unknown) => caught);
      stop.abort(new Error('enough'));
      expect(await waiting).to.have.property('message', 'enough');
      expect(await slow).to.equal('done');
    });
  });

  it('starts ten thousand dependents of one future when it settles', async function () {
    this.timeout(20_000);
    const gate = Promise.withResolvers<number>();
    const source = echo(gate.promise) as AppFuture<number>;
    const dependents = Array.from({ length: 10_000 }, (_, i) => add(source, i));
    gate.resolve(1);
    const values = await Promise.all(dependents);
    expect(values).to.deep.equal(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });
}
