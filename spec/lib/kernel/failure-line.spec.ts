import { expect } from 'chai';
import { describeFailure } from '../../../lib/kernel/failure-line.ts';

const describeError = (error: unknown): string =>
  describeFailure({ taskId: 7, name: 'simulate', label: undefined, error, stderr: undefined }).message;

describe('the line of a task that failed', () => {
  it('has the first line of its message', () => {
    expect(describeError(new RangeError('no\nmore'))).to.equal('task 7 (simulate) failed: RangeError: no');
  });

  it('is one line without control characters', () => {
    const error = new Error('\u001b[2Jgone');
    expect(describeFailure({ taskId: 7, name: 'a\nb', label: 'x\u0007', error, stderr: undefined }).message).to.equal(
      String.raw`task 7 (a ⏎ b: x\x07) failed: Error: \x1b[2Jgone`,
    );
  });

  it('is there for whatever was thrown, also a message that is no text and cannot be made one', () => {
    expect(describeError(7)).to.equal('task 7 (simulate) failed: 7');
    const odd = Object.assign(new Error('x'), { message: { toString: 1, valueOf: 2 } });
    for (const error of [odd, Object.create(null)])
      expect(describeError(error)).to.match(/^task 7 \(simulate\) failed: an error that cannot be shown$/);
  });
});
