/**
 * A Monte Carlo in Python with numpy: prices of call options, beside what the closed formula says.
 *
 *   npx flotilla run examples/monte-carlo.ts
 *   npx flotilla run examples/monte-carlo.ts --set executors.0.python=./venv/bin/python    an interpreter that has numpy
 *
 * Strikes travel as a Float64Array and arrive as a numpy array; the sums come back the same way and are combined here.
 */
import { kw, load, pythonApp } from 'flotilla';
import { callPrice } from './monte-carlo/call-price.ts';

const market = { spot: 100, rate: 0.03, volatility: 0.2, years: 1 };
const strikes = Float64Array.of(80, 90, 100, 110, 120);
const TASKS = 16;
const PATHS = 50_000; // in each task

interface Sums {
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

const simulate = pythonApp<[strikes: Float64Array, seed: number, paths: number], Sums>({
  file: new URL('./monte_carlo.py', import.meta.url),
  function: 'simulate',
});

async function main(): Promise<void> {
  await using _kernel = await load();
  const runs = await Promise.all(Array.from({ length: TASKS }, (_, seed) => simulate(strikes, seed, PATHS, kw(market))));
  const total = TASKS * PATHS;
  console.log(`${total.toLocaleString('en')} paths in ${TASKS} tasks\nstrike simulated  ± error  formula`);
  strikes.forEach((strike, i) => {
    const mean = add(runs, ({ sum }) => sum[i]) / total;
    const variance = add(runs, ({ squares }) => squares[i]) / total - mean ** 2;
    const row = [mean, Math.sqrt(variance / total), callPrice(strike, market)].map((value) => value.toFixed(4).padStart(9));
    console.log(`${String(strike).padStart(6)}${row.join('')}`);
  });
}

const add = (runs: readonly Sums[], pick: (run: Sums) => number | undefined): number =>
  runs.reduce((total, run) => total + (pick(run) ?? Number.NaN), 0);

try {
  await main();
} catch (error) {
  if (!(error instanceof Error && error.message.includes("No module named 'numpy'"))) throw error;
  const remedy = 'install it there (pip install numpy), or name an interpreter that has it: --set executors.0.python=PATH';
  console.error(`monte-carlo: this example needs numpy, and the Python of the workers has none; ${remedy}`);
  process.exitCode = 1;
}
