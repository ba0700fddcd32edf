/**
 * How much longer than the least possible do ten long tasks take at the end of many that do nothing, all of one function?
 *
 *   npx node bench/tail.ts [no-ops] [rounds]
 *
 * The function and both workers are known from a round of no-ops before. The no-ops count nothing in the ideal.
 */
import { jsApp } from '../index.ts';
import { type Makespan, measureMakespan } from './measure/makespan.ts';
import { countArgument, printReport } from './measure/report.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const LONG_MS = 1000;
const LONG_TASKS = 10;
const noops = countArgument(0, 10_000);
const rounds = countArgument(1, 3);

const app = jsApp((ms: number) => {
  const begin = performance.now();
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return performance.now() - begin;
});

const short = Array.from({ length: noops }, () => 0);
const long = Array.from({ length: LONG_TASKS }, () => LONG_MS);
const tails: Makespan[] = [];
await withTwoWorkers(async () => {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(short.map((ms) => app(ms)));
    tails.push(await measureMakespan([...short, ...long], app));
  }
});

printReport('tail', 'makespan of many no-ops and ten tasks of 1 s behind them, two workers, beside the least possible', { noops, tails });
