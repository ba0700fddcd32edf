import { expect } from 'chai';
import { sharedBucket, TokenBucket } from '../../../providers/batch/token-bucket.ts';
import { SimulatedClock } from './simulated-scheduler.ts';

describe('how often a scheduler is asked', () => {
  it('lets a few commands go at once and then one per refill, in order', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket({ capacity: 3, refillMs: 500, clock });
    const began = clock.time;
    const went: (readonly [number, number])[] = [];
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (number) => {
        await bucket.take();
        went.push([number, clock.time - began]);
      }),
    );
    expect(went).to.deep.equal([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 500],
      [4, 1000],
      [5, 1500],
    ]);
  });

  it('never has more than its capacity, however long nobody asks', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket({ capacity: 2, refillMs: 500, clock });
    clock.time += 3_600_000;
    for (let number = 0; number < 3; number++) await bucket.take();
    expect(clock.slept).to.deep.equal([500]);
  });

  it('sits out a clock that is set back', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket({ capacity: 1, refillMs: 500, clock });
    await bucket.take();
    clock.time -= 3_600_000;
    await bucket.take();
    expect(clock.slept).to.deep.equal([500]);
  });

  it('is one matter for all who speak to the same scheduler', () => {
    expect(sharedBucket('Slurm of spec')).to.equal(sharedBucket('Slurm of spec'));
    expect(sharedBucket('Slurm of spec')).not.to.equal(sharedBucket('Slurm of another'));
  });
});
