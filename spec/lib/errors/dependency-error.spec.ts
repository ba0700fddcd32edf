import { expect } from 'chai';
import { DependencyError } from '../../../lib/errors/index.ts';

const root = new RangeError('no such temperature');
const name = (id: number): { id: number; app: string } => ({ id, app: `app${id}` });

/** A chain of `length` tasks behind task 0, which failed; the last one's error. */
function chain(length: number, upstream: unknown = root): DependencyError {
  for (let id = 1; id <= length; id++) upstream = new DependencyError({ task: name(id), upstream, upstreamTask: name(id - 1) });
  return upstream as DependencyError;
}

describe('DependencyError', () => {
  it('names the chain task by task down to the root, whose error is its cause', () => {
    const error = chain(3);
    expect(error.message).to.equal(
      'task 3 (app3) did not run: it needs task 2 (app2), which needs task 1 (app1), which needs task 0 (app0), which failed: ' +
        'RangeError: no such temperature',
    );
    expect(error.cause).to.equal(root);
    expect(error.upstream).to.be.instanceOf(DependencyError);
    expect(error.task).to.deep.equal(name(3));
    expect(error.depth).to.equal(3);
  });

  for (const length of [1, 2, 4, 5, 6, 9]) {
    it(`tells a chain of ${length} whole, each task once`, () => {
      const told = [...chain(length).message.matchAll(/task (\d+)/g)].map(([, id]) => Number(id));
      expect(told).to.deep.equal(Array.from({ length: length + 1 }, (_, i) => length - i));
    });
  }

  it('shortens a longer one in the middle', () => {
    const told = chain(20).message;
    expect([...told.matchAll(/task (\d+)/g)].map(([, id]) => Number(id))).to.deep.equal([20, 19, 18, 17, 16, 4, 3, 2, 1, 0]);
    expect(told).to.contain('… 11 more …');
  });

  it('costs the same to make and to read at depth 100,000', () => {
    const all: DependencyError[] = [chain(1)];
    const started = performance.now();
    for (let id = 2; id <= 100_000; id++) {
      all.push(new DependencyError({ task: name(id), upstream: all.at(-1), upstreamTask: name(id - 1) }));
    }
    const length = all.reduce((sum, error) => sum + error.message.length, 0);
    expect(performance.now() - started).to.be.lessThan(10_000);
    expect(length).to.be.lessThan(100_000 * 500);
    expect(all.at(-1)?.cause).to.equal(root);
    expect(all.at(-1)?.message).to.contain('… 99991 more …');
  });

  it('says that a promise was rejected where the root is no task, and with what', () => {
    const error = new DependencyError({ task: name(1), upstream: 'no network' });
    expect(error.message).to.equal("task 1 (app1) did not run: it needs a promise, which failed: 'no network' (string)");
    expect(error.cause).to.equal('no network');
  });

  it('has its message in its stack, and leaves the limit of stack traces alone', () => {
    const limit = Error.stackTraceLimit;
    const error = chain(1);
    expect(error.stack).to.equal(`DependencyError: ${error.message}`);
    expect(Error.stackTraceLimit).to.equal(limit);
  });
});
