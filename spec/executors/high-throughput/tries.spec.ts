import { expect } from 'chai';
import { Tries } from '../../../executors/high-throughput/tries.ts';
import { jsApp } from '../../../index.ts';
import type { TryRequest } from '../../../lib/executor.ts';

const EMPTY = Buffer.alloc(0);
const app = jsApp(() => 0);
const request = (taskId: number, tryNumber = 1): TryRequest =>
  ({ taskId, tryNumber, flags: 0, priority: 0, context: EMPTY, args: EMPTY, fn: app }) as unknown as TryRequest;

describe('the tries that an executor answers for', () => {
  it('settles each once, and no other try of its task', () => {
    const tries = new Tries();
    expect(tries.add(request(1, 2))).to.equal(true);
    expect(tries.settle(1, 1)).to.equal(false);
    expect(tries.settle(1, 2)).to.equal(true);
    expect(tries.settle(1, 2)).to.equal(false);
    expect(tries.size).to.equal(0);
  });

  it('does not send what a manager holds already, and sends another try of it', () => {
    const tries = new Tries();
    tries.hold([1, 1, 2, 1]);
    expect(tries.size).to.equal(2);
    expect(tries.add(request(1))).to.equal(false);
    expect(tries.add(request(2, 2))).to.equal(true);
    expect(tries.holds(1, 1)).to.equal(false);
  });

  it('wants the outcome of what nobody has asked for yet, once', () => {
    const tries = new Tries();
    tries.hold([1, 3]);
    expect(tries.settle(1, 2)).to.equal(false);
    expect(tries.settle(1, 3)).to.equal(true);
    expect(tries.settle(1, 3)).to.equal(false);
  });

  it('names what was held and is no more', () => {
    const tries = new Tries();
    tries.hold([1, 1, 2, 1, 3, 1]);
    expect(tries.hold([2, 1, 3, 2])).to.deep.equal([
      [1, 1],
      [3, 1],
    ]);
  });

  it('forgets a cancellation with its try', () => {
    const tries = new Tries();
    tries.add(request(1));
    tries.cancel(1, 1);
    tries.settle(1, 1);
    expect(tries.cancelling.size).to.equal(0);
  });
});
