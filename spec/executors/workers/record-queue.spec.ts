import { expect } from 'chai';
import fc from 'fast-check';
import { PriorityQueue } from '../../../executors/workers/priority-queue.ts';
import { RecordQueue } from '../../../executors/workers/record-queue.ts';
import { readTaskHeader } from '../../../lib/wire/records.ts';
import { taskIdsOf, taskRecord, taskRecords } from '../../support/task-records.ts';

const records = (...ids: number[]): Buffer => taskRecords(...ids.map((taskId) => ({ taskId })));

function take(queue: RecordQueue, count: number): number[] {
  const { parts } = queue.takeWhile((_bytes, _at, taken) => taken < count);
  return parts.flatMap(taskIdsOf);
}

describe('a queue of records', () => {
  it('gives them in the order in which they came, across the messages that they came in', () => {
    const queue = new RecordQueue();
    queue.push(records(1, 2, 3));
    queue.push(records(4));
    expect(queue.count).to.equal(4);
    expect(take(queue, 2)).to.deep.equal([1, 2]);
    expect(take(queue, 9)).to.deep.equal([3, 4]);
    expect(queue.count).to.equal(0);
    expect(queue.peek()).to.equal(undefined);
  });

  it('puts back in front', () => {
    const queue = new RecordQueue();
    queue.push(records(1, 2, 3));
    take(queue, 2);
    queue.unshift(records(1, 2));
    expect(take(queue, 9)).to.deep.equal([1, 2, 3]);
  });

  it('removes records wherever they are', () => {
    const queue = new RecordQueue();
    queue.push(records(1, 2, 3));
    queue.push(records(4, 5));
    const removed = queue.remove((bytes, at) => readTaskHeader(bytes, at).taskId % 2 === 0);
    expect(removed).to.equal(2);
    expect(take(queue, 9)).to.deep.equal([1, 3, 5]);
  });

  it('refuses bytes that are no records', () => {
    expect(() => new RecordQueue().push(Buffer.from('nonsense'))).to.throw(RangeError);
  });

  it('does as a list of numbers would, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ take: fc.integer({ min: 0, max: 7 }) }),
      fc.record({ unshift: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ removeDivisibleBy: fc.integer({ min: 2, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new RecordQueue();
        let list: number[] = [];
        let next = 1;
        const some = (count: number): number[] => Array.from({ length: count }, () => next++);
        for (const one of steps) {
          if ('push' in one) {
            const ids = some(one.push);
            queue.push(records(...ids));
            list.push(...ids);
          } else if ('unshift' in one) {
            const ids = some(one.unshift);
            queue.unshift(records(...ids));
            list = [...ids, ...list];
          } else if ('take' in one) expect(take(queue, one.take)).to.deep.equal(list.splice(0, one.take));
          else {
            queue.remove((bytes, at) => readTaskHeader(bytes, at).taskId % one.removeDivisibleBy === 0);
            list = list.filter((id) => id % one.removeDivisibleBy !== 0);
          }
          expect(queue.count).to.equal(list.length);
          const seen: number[] = [];
          queue.forEach((bytes, at) => seen.push(readTaskHeader(bytes, at).taskId));
          expect(seen).to.deep.equal(list);
        }
      }),
    );
  });
});

describe('a queue by priority', () => {
  it('gives larger priorities first, and within one whoever came first', () => {
    const queue = new PriorityQueue();
    for (const [priority, taskId] of [
      [0, 1],
      [5, 2],
      [-3, 3],
      [0, 4],
      [5, 5],
    ] as const)
      queue.push(priority, taskRecord({ taskId }));
    expect(queue.count).to.equal(5);
    const order: number[] = [];
    for (let first = queue.first(); first; first = queue.first()) order.push(...take(first.queue, 1));
    expect(order).to.deep.equal([2, 5, 1, 4, 3]);
  });

  it('has nobody whose turn it is while it is paused, and gives what is taken out of it', () => {
    const queue = new PriorityQueue();
    queue.push(0, records(1, 2));
    queue.isPaused = true;
    expect(queue.first()).to.equal(undefined);
    expect(taskIdsOf(Buffer.concat(queue.take(1)))).to.deep.equal([1]);
    queue.isPaused = false;
    expect(queue.first()?.priority).to.equal(0);
  });

  it('puts back in front of its own priority', () => {
    const queue = new PriorityQueue();
    queue.push(0, records(2));
    queue.push(1, records(3));
    queue.unshift(0, records(1));
    expect(queue.first()?.priority).to.equal(1);
    const wanted = new Map([
      [3, 1],
      [2, 7],
      [9, 1],
    ]);
    expect(
      queue.takeTries(wanted).map(({ taskId }) => taskId),
      'another try is not taken',
    ).to.deep.equal([3]);
    expect([...wanted.keys()]).to.deep.equal([2, 9]);
    const first = queue.first();
    expect(first && take(first.queue, 9)).to.deep.equal([1, 2]);
  });
});
