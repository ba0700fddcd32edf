/**
 * Seeded schedules of faults against the interchange core and the managers' sessions. A failure names its seed;
 * FLOTILLA_SEED=<seed> runs that schedule alone.
 */
import { Simulation } from './simulation/simulation.ts';

const SCHEDULES = 300;
const STEPS = 600;

function runSchedule(seed: number): void {
  let simulation: Simulation | undefined;
  try {
    simulation = new Simulation(seed);
    simulation.run(STEPS);
    simulation.heal();
  } catch (error) {
    throw new Error(`FLOTILLA_SEED=${seed}, at ${simulation?.timeline.now} ms: ${(error as Error).message}`, { cause: error });
  }
}

describe('interchange core under faults', () => {
  const only = process.env['FLOTILLA_SEED'];

  it('reports every try exactly once, keeps order and bounds, and lets nothing wait beside a free slot', () => {
    if (only !== undefined) return runSchedule(Number(only));
    for (let seed = 1; seed <= SCHEDULES; seed++) runSchedule(seed);
  });
});
