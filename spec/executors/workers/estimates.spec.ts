import { expect } from 'chai';
import { Estimates } from '../../../executors/workers/estimates.ts';

describe('estimates of how long functions take', () => {
  it('are unknown until a call has ended, and then the first that was seen', () => {
    const estimates = new Estimates();
    expect(estimates.of(1)).to.equal(undefined);
    estimates.record(1, 300);
    expect(estimates.of(1)).to.equal(300);
    expect(estimates.of(2)).to.equal(undefined);
  });

  it('rise faster than they fall', () => {
    const [rising, falling] = [new Estimates(), new Estimates()];
    rising.record(1, 100);
    rising.record(1, 180);
    falling.record(1, 180);
    falling.record(1, 100);
    expect((rising.of(1) ?? 0) - 100).to.be.greaterThan(180 - (falling.of(1) ?? 0));
  });

  it('are hardly moved by one call in a hundred that takes a thousand times as long', () => {
    const estimates = new Estimates();
    for (let i = 0; i < 1000; i++) {
      estimates.record(1, i % 100 === 50 ? 1_000_000 : 1000);
      expect(estimates.of(1)).to.be.within(1000, 2000);
    }
  });

  it('follow at once when two in a row take as long', () => {
    const estimates = new Estimates();
    for (const us of [10, 10, 1_000_000, 1_000_000]) estimates.record(1, us);
    expect(estimates.of(1)).to.be.greaterThan(400_000);
  });

  it('come to what is seen all the time, and are never nothing', () => {
    const estimates = new Estimates();
    for (let i = 0; i < 50; i++) estimates.record(1, 700);
    for (let i = 0; i < 50; i++) estimates.record(2, 0);
    expect(estimates.of(1)).to.be.closeTo(700, 1);
    expect(estimates.of(2)).to.be.greaterThan(0);
  });
});
