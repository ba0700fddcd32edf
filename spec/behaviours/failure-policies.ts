/** Failure policies: what becomes of those that wait for a task that has failed for good. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  bashApp,
  CancelledError,
  DependencyError,
  joinApp,
  jsApp,
  PoisonTaskError,
  pythonApp,
  sh,
  WalltimeError,
  type AppFuture,
} from '../../index.ts';
import { type ExecutorUnderTest, failureOf, type OpenedKernel, openKernel, useKernel } from '../support/kernel.ts';

/** Fails until it has been called `times` times; the count is kept in a file. */
const flaky = jsApp(
  async (counter: string, times: number) => {
    const { appendFileSync, readFileSync } = await import('node:fs');
    appendFileSync(counter, 'x');
    const calls = readFileSync(counter, 'utf8').length;
    if (calls < times) throw new RangeError(`call ${calls}`);
    return calls;
  },
  { name: 'flaky' },
);
const fail = jsApp(
  (message: string): number => {
    throw new RangeError(message);
  },
  { name: 'fail' },
);
const show = jsApp((...values: unknown[]) => values.map((value) => `${value}`).join(), { name: 'show' });

export function describeFailurePolicies(executor: ExecutorUnderTest): void {
  describe('of tasks', () => describePolicies(executor));
  describe('of a run', () => describeRuns(executor));
}

function describePolicies(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);
  const calls = (file: string): Promise<number> => readFile(place.path(file), 'utf8').then(({ length }) => length);

  describe("'ignore'", () => {
    it('gives the value to whoever asks and to dependents, and tells of the failure in the tries', async () => {
      const future = fail.with({ onFailure: { ignore: -1 } })('of no importance');
      expect(await show(future, [future], { ok: 1 })).to.equal('-1,-1,[object Object]');
      expect(await future).to.equal(-1);
      expect(await future.exception()).to.equal(undefined);
      expect(future.state).to.equal('ignored');
      const [only] = future.tries;
      expect(only?.outcome).to.equal('failed');
      expect(only?.error).to.be.instanceOf(RangeError).with.property('message', 'of no importance');
    });

    it('is undefined where no value is given', async () => {
      const future: AppFuture<number | undefined> = fail.with({ onFailure: 'ignore' })('x');
      expect(await future).to.equal(undefined);
      expect(await show(future)).to.equal('undefined');
    });

    it('uses up the retries first', async () => {
      const future = flaky.with({ retries: 2, onFailure: { ignore: 0 } })(place.path('ignored'), 9);
      expect(await future).to.equal(0);
      expect(await calls('ignored')).to.equal(3);
      expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['failed', 'failed', 'failed']);
    });

    it('concerns a lost worker, a walltime, an exit code, a Python exception, what cannot travel, and a join alike', async () => {
      const onFailure = { ignore: 'instead' };
      const lost = jsApp(() => process.exit(3), { onLost: 'fail', onFailure })();
      expect(await lost).to.equal('instead');
      const slow = jsApp(() => new Promise<void>(() => setTimeout(() => undefined, 60_000)), {
        walltime: '100ms',
        killGrace: '1s',
        onFailure,
      })();
      expect(await slow).to.equal('instead');
      expect(slow.tries[0]?.error).to.be.instanceOf(WalltimeError);
      expect(await bashApp(() => sh`exit 3`, { onFailure })()).to.equal('instead');
      expect(await pythonApp('def f():\n    raise ValueError()', { onFailure })()).to.equal('instead');
      expect(await jsApp((x: unknown) => x, { onFailure })(() => 1)).to.equal('instead');
      expect(
        await bashApp(
          (): string => {
            throw new Error('in the driver');
          },
          { onFailure },
        )(),
      ).to.equal('instead');
      expect(await joinApp(() => fail('inside'), { onFailure })()).to.equal('instead');
    });

    it('has all losses as evidence where a task kills its workers', async () => {
      const future = jsApp(() => process.exit(3), { onFailure: 'ignore' })();
      expect(await future).to.equal(undefined);
      expect(future.tries.at(-1)?.error).to.be.instanceOf(PoisonTaskError);
    });

    it('does not concern a cancelled task, nor one that never ran', async () => {
      const gate = Promise.withResolvers<string>();
      const cancelled = show.with({ onFailure: 'ignore' })(gate.promise);
      cancelled.cancel();
      expect(await failureOf(cancelled)).to.be.instanceOf(CancelledError);
      expect(await failureOf(show.with({ onFailure: 'ignore' })(fail('x')))).to.be.instanceOf(DependencyError);
      gate.resolve('');
    });
  });

  describe("'cancelSuccessors'", () => {
    const failing = fail.with({ onFailure: 'cancelSuccessors' });

    it('cancels what depends on the task, near and far, and nothing else', async () => {
      const root = failing('the root');
      const near = show(root);
      const far = show(1, [near]);
      const other = show('goes on');
      const rootError = await failureOf(root);
      expect(rootError).to.be.instanceOf(RangeError);
      for (const future of [near, far]) {
        const error = await failureOf<CancelledError>(future);
        expect(error).to.be.instanceOf(CancelledError);
        expect(error.cause).to.equal(rootError);
        expect(error.message).to.equal(
          `task ${future.taskId} (show) was cancelled: task ${root.taskId} (fail) failed, which cancels what depends on it`,
        );
        expect(future.state).to.equal('cancelled');
        expect(future.tries).to.deep.equal([]);
      }
      expect(await other).to.equal('goes on');
    });

    it('cancels what is called when the task has failed already, behind it, its elements and its successors', async () => {
      const root = failing('early');
      const element = root.get('x' as never);
      const successor = show(root);
      const rootError = await failureOf(root);
      for (const late of [show(root), show(element), show(successor), show(show(successor.get(0)))]) {
        const error = await failureOf<CancelledError>(late);
        expect(error).to.be.instanceOf(CancelledError);
        expect(error.cause).to.equal(rootError);
        expect(error.message).to.include(`task ${root.taskId} (fail) failed`);
      }
    });

    it('cancels what depends on its output files', async () => {
      const root = bashApp(() => sh`exit 4`, { outputs: [place.path('never.out')], onFailure: 'cancelSuccessors' })();
      const [file] = root.outputs;
      const early = show(file);
      const rootError = await failureOf(root);
      for (const future of [early, show(file)]) expect((await failureOf(future)).cause).to.equal(rootError);
    });

    it('leaves the other way of failing to tasks that have another root', async () => {
      const dependent = show.with({ onFailure: 'cancelSuccessors' })(fail('under the usual policy'));
      const error = await failureOf(show(dependent));
      expect(error).to.be.instanceOf(DependencyError);
    });

    it('cancels them when the task itself is cancelled', async () => {
      const gate = Promise.withResolvers<string>();
      const root = show.with({ onFailure: 'cancelSuccessors' })(gate.promise);
      const dependent = show(root);
      root.cancel('enough');
      const error = await failureOf<CancelledError>(dependent);
      expect(error).to.be.instanceOf(CancelledError);
      expect(error.cause).to.equal(await failureOf(root));
      gate.resolve('');
    });
  });

  describe("'retry'", () => {
    it('tries twice more where nobody says how often', async () => {
      expect(await failureOf(flaky.with({ onFailure: 'retry' })(place.path('retry'), 9))).to.have.property('message', 'call 3');
    });

    it("goes by the app's own retries where it has them", async () => {
      expect(await failureOf(flaky.with({ onFailure: 'retry', retries: 1 })(place.path('own'), 9))).to.have.property('message', 'call 2');
      expect(await failureOf(flaky.with({ onFailure: 'retry', retries: 0 })(place.path('none'), 9))).to.have.property('message', 'call 1');
    });
  });

  it("'fail' fails dependents, and the rest of the run goes on", async () => {
    const failed = fail.with({ onFailure: 'fail' })('x');
    expect(await failureOf(show(failed))).to.be.instanceOf(DependencyError);
    expect(await show('goes on')).to.equal('goes on');
  });
}

function describeRuns(executor: ExecutorUnderTest): void {
  let opened: OpenedKernel;
  afterEach(() => opened.dispose());

  it('an ignored failure is counted apart, and is no failure that somebody must look at', async () => {
    opened = await openKernel(executor);
    await fail.with({ onFailure: 'ignore' })('x');
    expect(opened.kernel.counts()).to.include({ total: 1, ignored: 1, done: 0, failed: 0, waiting: 0 });
    expect(opened.kernel.unobservedFailures()).to.deep.equal([]);
    const log = await readFile(join(opened.kernel.runDir, 'flotilla.log'), 'utf8');
    expect(log).to.match(/ warn .*task 1 \(fail\) failed; that is ignored: RangeError: x\n/);
  });

  it("'retry' goes by the config's retries and its retry handler", async () => {
    opened = await openKernel(executor, { retries: 1, retryHandler: () => 0.25 });
    const future = flaky.with({ onFailure: 'retry' })(opened.path('config'), 9);
    expect(await failureOf(future)).to.have.property('message', 'call 5');
    expect(await failureOf(show(future))).to.be.instanceOf(DependencyError);
  });
}
