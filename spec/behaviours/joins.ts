/** Behaviours 10–13: joins. */
import { expect } from 'chai';
import { type AppFuture, CancelledError, JoinError, joinApp, jsApp } from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';

const double = jsApp((x: number) => x * 2, { name: 'double' });
const fail = jsApp(
  (message: string): number => {
    throw new RangeError(message);
  },
  { name: 'fail' },
);
const hang = jsApp(() => new Promise<number>((resolve) => setTimeout(() => resolve(0), 60_000)), { name: 'hang', killGrace: '1s' });

export function describeJoins(executor: ExecutorUnderTest): void {
  useKernel(executor);

  it('has the inner result', async () => {
    expect(await joinApp((x: number) => double(x))(21)).to.equal(42);
  });

  it('has an array for an array, an object for an object, at any depth', async () => {
    expect(await joinApp((n: number) => Array.from({ length: n }, (_, i) => double(i)))(4)).to.deep.equal([0, 2, 4, 6]);
    expect(await joinApp(() => ({ a: double(1), b: [double(2), 7], c: { d: double(3) } }))()).to.deep.equal({
      a: 2,
      b: [4, 7],
      c: { d: 6 },
    });
  });

  it('completes with an empty array', async () => {
    expect(await joinApp(() => [])()).to.deep.equal([]);
  });

  it('is a TypeError where a synchronous body returns nothing to wait for', async () => {
    const bodies: (() => unknown)[] = [() => 7, () => undefined, () => [1, 2], () => null];
    for (const body of bodies) {
      const error = await failureOf(joinApp(body, { name: 'idle' })());
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.match(/task \d+ \(idle\): the body of a joinApp returns a future, or an array or object of futures/);
    }
  });

  it('takes values from an asynchronous body, and futures', async () => {
    expect(await joinApp(async () => 7)()).to.equal(7);
    expect(await joinApp(async (x: number) => [await double(x), double(3)])(1)).to.deep.equal([2, 6]);
  });

  it('waits for its arguments and takes their values', async () => {
    expect(await joinApp((x: number) => double(x + 1))(double(1))).to.equal(6);
  });

  it('lists exactly the inner failures', async () => {
    const inner: AppFuture<number>[] = [];
    const error = await failureOf<JoinError>(
      joinApp(() => {
        inner.push(double(1), fail('one'), double(2), fail('two'));
        return inner;
      })(),
    );
    expect(error).to.be.instanceOf(JoinError);
    expect(error.failures.map(({ taskId }) => taskId)).to.deep.equal([inner[1]?.taskId, inner[3]?.taskId]);
    expect(error.failures.map((failure) => (failure.error as Error).message)).to.deep.equal(['one', 'two']);
    expect(error.message).to.include('2 of 4 parts of the join failed');
    expect(error.cause).to.have.property('message', 'one');
  });

  it('fails with what its body throws', async () => {
    const error = await failureOf(
      joinApp(() => {
        throw new SyntaxError('of the body');
      })(),
    );
    expect(error).to.be.instanceOf(SyntaxError).with.property('message', 'of the body');
  });

  it('runs its body again within its retries', async () => {
    let tries = 0;
    const join = joinApp(() => (++tries < 3 ? fail('early') : double(tries)), { retries: 2 })();
    expect(await join).to.equal(6);
    expect(join.tries.map(({ outcome }) => outcome)).to.deep.equal(['failed', 'failed', 'done']);
  });

  it('can be depended on', async () => {
    expect(await double(joinApp(() => double(5))())).to.equal(20);
  });

  it('may call joins', async () => {
    const count = joinApp((n: number): unknown => (n === 0 ? [] : [double(n), count(n - 1)]), { name: 'count' });
    expect(await count(3)).to.deep.equal([6, [4, [2, []]]]);
  });

  it('is cancelled with its inner tasks', async () => {
    const inner: AppFuture<number>[] = [];
    const join = joinApp(() => {
      inner.push(hang(), hang());
      return inner;
    })();
    await eventually('the inner tasks', () => inner.length === 2 && inner.every(({ state }) => state === 'launched'));
    join.cancel('no longer wanted');
    expect(await failureOf(join)).to.be.instanceOf(CancelledError);
    for (const future of inner) {
      const error = await failureOf<CancelledError>(future);
      expect(error).to.be.instanceOf(CancelledError);
      expect(error.reason).to.equal('no longer wanted');
    }
  });

  it('starts nothing more once it is cancelled', async () => {
    const gate = Promise.withResolvers<void>();
    const late: AppFuture<number>[] = [];
    const join = joinApp(async () => {
      await gate.promise;
      late.push(double(1));
      return late;
    })();
    await eventually('the body', () => join.state === 'joining');
    join.cancel();
    expect(await failureOf(join)).to.be.instanceOf(CancelledError);
    gate.resolve();
    await eventually('the late call', () => late.length === 1);
    expect(await failureOf(late[0] as AppFuture<number>)).to.be.instanceOf(CancelledError);
  });
}
