/**
 * How much longer than the least possible do ten long tasks take at the end of many that do nothing, all of one function?
 *
 *   npx node bench/tail.ts [no-ops] [rounds]
 *
 * The makespan counts from the first call; what the no-ops take by themselves is measured before, and belongs to the ideal.
 */
import { jsApp } from '../index.ts';
import { measureMakespan } from './measure/makespan.ts';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { WORKERS, withTwoWorkers } from './measure/two-workers.ts';

const LONG_MS = 1000;
const LONG_TASKS = 10;
const noops = countArgument(0, 50_000);
const rounds = countArgument(1, 3);

const app = jsApp((ms: number) => {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
});

const short = Array.from({ length: noops }, () => 0);
const long = Array.from({ length: LONG_TASKS }, () => LONG_MS);
const noopSeconds: number[] = [];
const seconds: number[] = [];
await withTwoWorkers(async () => {
  for (let round = 0; round < rounds; round++) {
    noopSeconds.push((await measureMakespan(short, WORKERS, app)).seconds);
    seconds.push((await measureMakespan([...short, ...long], WORKERS, app)).seconds);
  }
});

const idealSeconds = median(noopSeconds) + (LONG_TASKS * LONG_MS) / 1000 / WORKERS;
printReport('tail', 'makespan of many no-ops and ten tasks of 1 s behind them, two workers, beside the least possible', {
  noops,
  idealSeconds: rounded(idealSeconds),
  seconds: seconds.map(rounded),
  overIdeal: seconds.map((each) => Math.round((each / idealSeconds) * 1000) / 1000),
});
