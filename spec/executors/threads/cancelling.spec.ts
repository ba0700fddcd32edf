import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { CancelledError, jsApp } from '../../../index.ts';
import { threads, useKernel } from '../../support/kernel.ts';

const ROUNDS = 6;

/** Whose result is on its way while its thread is being ended: nothing but the cancelled tasks may notice. */
describe('cancelling tasks of threads whose results are on their way', () => {
  useKernel(threads);
  const inc = jsApp((x: number) => x + 1, { name: 'inc' });

  it('ends nothing but these tasks', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const futures = Array.from({ length: 10 }, (_, k) => inc(k));
      expect(await futures[0]).to.equal(1);
      for (const future of futures) future.cancel();
      const ends = await Promise.allSettled(futures);
      for (const [k, end] of ends.entries()) {
        if (end.status === 'fulfilled') expect(end.value).to.equal(k + 1);
        else expect(end.reason).to.be.instanceOf(CancelledError);
      }
    }
    // What was on its way has arrived, and has been thrown if anything throws it.
    await delay(20);
    expect(await inc(41)).to.equal(42);
  }).timeout(20_000);

  it('ends nothing else when the loop over a map is left', async () => {
    const range = Array.from({ length: 200 }, (_, k) => k);
    for (let round = 0; round < ROUNDS; round++) {
      for await (const value of inc.map(range, { window: 10 })) {
        expect(value).to.equal(1);
        break;
      }
    }
    await delay(20);
    expect(await inc(41)).to.equal(42);
  }).timeout(20_000);
});
