/**
 * Seeded schedules of faults against the task graph. A failure names its seed; FLOTILLA_SEED=<seed> runs that schedule alone.
 */
import { createRandom } from '../../executors/high-throughput/interchange/simulation/random.ts';
import { Schedule } from './schedule.ts';

const SCHEDULES = 500;
const STEPS = 300;

function runSchedule(seed: number): void {
  try {
    const schedule = new Schedule(createRandom(seed));
    schedule.run(STEPS);
    schedule.settle();
  } catch (cause) {
    throw new Error(`FLOTILLA_SEED=${seed}: ${(cause as Error).message}`, { cause });
  }
}

describe('the task graph under faults', () => {
  const only = process.env['FLOTILLA_SEED'];

  it('ends each task once, never runs it twice at once, and never before what it depends on', () => {
    if (only !== undefined) return runSchedule(Number(only));
    for (let seed = 1; seed <= SCHEDULES; seed++) runSchedule(seed);
  });
});
