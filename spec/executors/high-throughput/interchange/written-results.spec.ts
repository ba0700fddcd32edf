import { expect } from 'chai';
import { WrittenResults } from '../../../../executors/high-throughput/interchange/written-results.ts';

describe('results that were written to the driver', () => {
  it('are one batch per write, with the last frame of each manager', () => {
    const written = new WrittenResults();
    expect(written.take()).to.equal(undefined);
    written.add('a', 1);
    written.add('b', 7);
    written.add('a', 2);
    expect([...(written.take() ?? [])]).to.deep.equal([
      ['a', 2],
      ['b', 7],
    ]);
    expect(written.take()).to.equal(undefined);
  });

  it('are confirmed by a later mark too, and each once', () => {
    const written = new WrittenResults();
    const batches = [1, 2, 3].map((sequence) => new Map([['a', sequence]]));
    const marks = batches.map((batch) => written.awaitConfirmation(batch));
    expect([...written.confirmed(marks[1] as number)]).to.deep.equal(batches.slice(0, 2));
    expect([...written.confirmed(marks[1] as number)]).to.deep.equal([]);
    expect([...written.confirmed(marks[2] as number)]).to.deep.equal(batches.slice(2));
  });
});
