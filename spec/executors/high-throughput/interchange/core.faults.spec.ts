/**
 * Seeded schedules of faults against the interchange core and the managers' sessions. A failure names its seed;
 * FLOTILLA_SEED=<seed> runs that schedule alone.
 */
import { expect } from 'chai';
import { Simulation } from './simulation/simulation.ts';

const SCHEDULES = 300;
const STEPS = 600;

/** @returns how often a manager was asked to give tasks back. */
function runSchedule(seed: number): number {
  let simulation: Simulation | undefined;
  try {
    simulation = new Simulation(seed);
    simulation.run(STEPS);
    simulation.heal();
    return simulation.recalls;
  } catch (error) {
    throw new Error(`FLOTILLA_SEED=${seed}, at ${simulation?.timeline.now} ms: ${(error as Error).message}`, { cause: error });
  }
}

describe('interchange core under faults', () => {
  const only = process.env['FLOTILLA_SEED'];

  it('reports every try exactly once, keeps order and bounds, gives nothing out twice, and lets nothing wait beside what it needs', function () {
    this.timeout(120_000);
    if (only !== undefined) return void runSchedule(Number(only));
    let recalls = 0;
    for (let seed = 1; seed <= SCHEDULES; seed++) recalls += runSchedule(seed);
    expect(recalls, 'tasks were asked back').to.be.greaterThan(100);
  });
});
