/** Behaviour 16: a retry handler says what each failure costs. */
import { expect } from 'chai';
import { type ConfigOptions, jsApp, joinApp } from '../../index.ts';
import { type ExecutorUnderTest, failureOf, openKernel } from '../support/kernel.ts';

const fail = jsApp(
  (name: string) => {
    throw Object.assign(new Error('as always'), { name });
  },
  { name: 'fail' },
);

export function describeRetryHandler(executor: ExecutorUnderTest): void {
  async function tries(options: ConfigOptions, name = 'Error'): Promise<{ outcomes: string[]; error: Error }> {
    const opened = await openKernel(executor, options);
    try {
      const future = fail(name);
      const error = await failureOf(future);
      return { outcomes: future.tries.map(({ outcome }) => outcome), error };
    } finally {
      await opened.dispose();
    }
  }

  it('whose cost is 0.5 allows five tries with retries: 2', async () => {
    const { outcomes, error } = await tries({ retries: 2, retryHandler: () => 0.5 });
    expect(outcomes).to.deep.equal(['failed', 'failed', 'failed', 'failed', 'failed']);
    expect(error.message).to.equal('as always');
  });

  it('is told the error and which try of which task it was', async () => {
    const seen: unknown[] = [];
    await tries(
      {
        retries: 1,
        retryHandler: (error, { taskId, name, tryNumber }) => {
          seen.push([(error as Error).name, taskId, name, tryNumber]);
          return 1;
        },
      },
      'RangeError',
    );
    expect(seen).to.deep.equal([
      ['RangeError', 1, 'fail', 1],
      ['RangeError', 1, 'fail', 2],
    ]);
  });

  it('may end a task at once', async () => {
    const { outcomes } = await tries(
      { retries: 9, retryHandler: (error) => ((error as Error).name === 'TypeError' ? Infinity : 0) },
      'TypeError',
    );
    expect(outcomes).to.deep.equal(['failed']);
  });

  it('that throws fails the task with its own error', async () => {
    const { error, outcomes } = await tries({
      retries: 5,
      retryHandler: () => {
        throw new EvalError('in the handler');
      },
    });
    expect(error).to.be.instanceOf(EvalError).with.property('message', 'in the handler');
    expect(outcomes).to.deep.equal(['failed']);
  });

  it('that returns no cost fails the task, and says what it has to return', async () => {
    for (const cost of [Number.NaN, -1, 'x', undefined]) {
      const { error } = await tries({ retries: 5, retryHandler: () => cost as number });
      expect(error.message).to.match(/retryHandler returned .+ for task 1 \(fail\); it returns the cost of the failure/);
    }
  });

  it('judges joins too', async () => {
    const opened = await openKernel(executor, { retries: 1, retryHandler: () => 0.5 });
    let calls = 0;
    const join = joinApp(() => {
      calls++;
      throw new Error('in the body');
    })();
    await failureOf(join);
    expect(calls).to.equal(3);
    await opened.dispose();
  });
}
