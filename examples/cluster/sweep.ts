/**
 * A campaign: a simulation in bash for each parameter, an analysis in Python of each outcome, and a table of what came out. The
 * simulation is the logistic map x → r x (1 − x); the analysis finds after how many steps its orbit repeats itself.
 *
 *   npx flotilla run examples/cluster/sweep.ts
 *   npx flotilla run examples/cluster/sweep.ts --config slurm -- --points 1000 --seconds 5
 *   npx flotilla run examples/cluster/sweep.ts --config slurm --resume -- --points 1000 --seconds 5
 *
 * `cache: true` has a later run take the results of an earlier one, also of one that was killed; `retries` are for what fails by itself.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bashApp, load, pythonApp, sh } from 'flotilla';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '40' },
    /** How long each simulation takes beyond what it computes, for campaigns that are to be watched. */
    seconds: { type: 'string', default: '0' },
  },
});
const points = Number(values.points);
const rates = Array.from({ length: points }, (_, i) => 2.8 + (1.2 * i) / points);

await using _kernel = await load();

const simulate = bashApp(
  (rate: number, seconds: string) => sh`
    sleep ${seconds}
    awk -v r=${rate} 'BEGIN {
      for (x = 0.5; i < 20000; i++) x = r * x * (1 - x)
      for (i = 0; i < 64; i++) printf "%.9f\n", x = r * x * (1 - x)
    }'`,
  { name: 'simulate', returns: 'lines', cache: true, ignoreForCache: [1], retries: 2 },
);

const period = pythonApp<[orbit: string[]], number>(
  { file: new URL('./period.py', import.meta.url), function: 'period' },
  { name: 'period', cache: true, retries: 2 },
);

// All is called at once; each analysis waits for its own simulation, and for nothing else.
const periods = await Promise.all(rates.map((rate) => period(simulate(rate, String(values.seconds)))));

writeFileSync('periods.csv', ['rate,period', ...rates.map((rate, i) => `${rate},${periods[i]}`), ''].join('\n'));
for (const found of [...new Set(periods)].toSorted((a, b) => a - b)) {
  const what = found === 0 ? 'no period' : `period ${found}`;
  console.log(`${what}: ${periods.filter((one) => one === found).length} of ${points}`);
}
console.log('all of them: periods.csv');
