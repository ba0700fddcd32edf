/**
 * How much longer than the least possible do many short tasks take that have a few long ones of the same function among them?
 *
 *   npx node bench/mix.ts [tasks] [rounds]
 *
 * One task in a hundred takes 1 s, the others 1 ms; which ones is drawn by a seed. Tasks wait and do not compute, so that two
 * workers need no more than one CPU.
 */
import { jsApp } from '../index.ts';
import { measureMakespan } from './measure/makespan.ts';
import { countArgument, printReport } from './measure/report.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const LONG_MS = 1000;
const SHORT_MS = 1;
/** Calls before, of which the function is known. */
const WARM_UP = 500;
const tasks = countArgument(0, 5400);
const rounds = countArgument(1, 2);

/** Sleeps in the kernel: a timer of Node's would be up to a millisecond late. */
const wait = () =>
  jsApp((ms: number) => {
    const begin = performance.now();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return performance.now() - begin;
  });

/** So many of each kind, in an order that the seed draws. */
function drawLengths(seed: number): number[] {
  const lengths: number[] = Array.from({ length: tasks }, (_, i) => (i % 100 === 0 ? LONG_MS : SHORT_MS));
  let state = seed;
  for (let i = lengths.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (i + 1));
    [lengths[i], lengths[other]] = [lengths[other] as number, lengths[i] as number];
  }
  return lengths;
}

const unknown = [];
const known = [];
for (let round = 1; round <= rounds; round++) {
  const lengths = drawLengths(round);
  unknown.push(await withTwoWorkers(() => measureMakespan(lengths, wait())));
  known.push(
    await withTwoWorkers(async () => {
      const app = wait();
      await Promise.all(Array.from({ length: WARM_UP }, () => app(SHORT_MS)));
      return measureMakespan(lengths, app);
    }),
  );
}

printReport('mix', 'makespan of 99 % tasks of 1 ms and 1 % of 1 s, two workers, beside the least possible', { tasks, unknown, known });
