import { expect } from 'chai';
import { AppFuture, type TaskView } from '../../../lib/futures/app-future.ts';
import { Unobserved } from '../../../lib/kernel/unobserved.ts';
import { stderrOf } from '../../support/streams.ts';

function failed(message: string): AppFuture<unknown> {
  const future = new AppFuture<unknown>({ taskId: 0, appName: 'x' } as TaskView);
  future.fail(new RangeError(`${message}\nsecond line`));
  return future;
}

describe('failures that nobody looked at', () => {
  it('are listed with task and first line of the error', () => {
    const unobserved = new Unobserved();
    unobserved.add(3, 'fit', failed('too far'));
    expect(unobserved.list().map(({ taskId, name }) => [taskId, name])).to.deep.equal([[3, 'fit']]);
    const text = stderrOf(() => unobserved.report());
    expect(text).to.equal('flotilla: 1 task(s) failed and nobody looked at their result:\n  task 3 (fit): RangeError: too far\n');
  });

  it('are no longer listed once somebody looked', async () => {
    const unobserved = new Unobserved();
    const future = failed('seen');
    unobserved.add(1, 'x', future);
    await future.exception();
    expect(unobserved.list()).to.deep.equal([]);
    expect(stderrOf(() => unobserved.report())).to.equal('');
  });

  it('are ten at most by name', () => {
    const unobserved = new Unobserved();
    for (let i = 0; i < 25; i++) unobserved.add(i, 'x', failed('again'));
    const lines = stderrOf(() => unobserved.report())
      .trim()
      .split('\n');
    expect(lines.length).to.equal(12);
    expect(lines[0]).to.include('25 task(s) failed');
    expect(lines.at(-1)).to.equal('  and 15 more');
  });

  it('are kept in bounded number, and those that were looked at make room', async () => {
    const unobserved = new Unobserved();
    const futures = Array.from({ length: 1500 }, (_, i) => failed(`${i}`));
    for (const [i, future] of futures.slice(0, 1000).entries()) unobserved.add(i, 'x', future);
    await Promise.all(futures.slice(0, 999).map((future) => future.exception()));
    for (const [i, future] of futures.slice(1000).entries()) unobserved.add(1000 + i, 'x', future);
    expect(unobserved.list().length).to.equal(501);
    for (let i = 0; i < 600; i++) unobserved.add(2000 + i, 'x', failed('more'));
    expect(unobserved.list().length).to.equal(1000);
    expect(stderrOf(() => unobserved.report())).to.include('besides 101 later failures that were not kept');
  });
});
