/**
 * How short may tasks be? The length at which two workers spend half of the time on the tasks themselves, METG(50 %), for graphs of Task Bench.
 *
 *   npx node bench/metg.ts [milliseconds of work per worker and graph] [columns]
 *
 * A task counts: a loop of so many turns, and not of so much time, so that one that waits for a CPU does not pass for one that works.
 * Right before each graph the workers do the same turns in one piece: that is the ideal. The graph's time is from the first call to the
 * last value, calling included.
 */
import { jsApp } from '../index.ts';
import { lengthAt, type Point } from './metg/efficiency.ts';
import { PATTERNS, type Pattern } from './metg/patterns.ts';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { WORKERS, withTwoWorkers } from './measure/two-workers.ts';

const workMs = countArgument(0, 100);
const columns = countArgument(1, 64);
const HALF = 0.5;
const LONGEST_US = 2048;
const SHORTEST_US = 4;
/** More tasks than this say nothing new. */
const MOST_TASKS = 40_000;
/** Of ideal and graph, one after the other. */
const TURNS = 5;

const count = jsApp(
  (turns: number, _earlier: readonly number[]) => {
    let x = 1;
    for (let i = 0; i < turns; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
    return x & 1;
  },
  { name: 'count' },
);

/** Count for count the same work, in one piece. */
const countOften = jsApp(
  (turns: number, times: number) => {
    let bits = 0;
    for (let n = 0; n < times; n++) {
      let x = 1;
      for (let i = 0; i < turns; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
      bits += x & 1;
    }
    return bits;
  },
  { name: 'countOften' },
);

/** @returns seconds that the workers take for so many tasks' work if nothing is in their way. */
async function timeIdeal(turns: number, tasks: number): Promise<number> {
  const begin = performance.now();
  await Promise.all(Array.from({ length: WORKERS }, () => countOften(turns, tasks / WORKERS)));
  return (performance.now() - begin) / 1000;
}

const CALIBRATION_TURNS = 50_000_000;

/** Turns of the loop in a microsecond. */
async function calibrate(): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < 5; round++) rates.push((CALIBRATION_TURNS * 1e-6) / (await timeIdeal(CALIBRATION_TURNS, WORKERS)));
  return median(rates);
}

/** @returns seconds. */
async function runGraph(pattern: Pattern, { width, steps, turns }: { width: number; steps: number; turns: number }): Promise<number> {
  const begin = performance.now();
  let before: PromiseLike<number>[] = [];
  const all: PromiseLike<number>[] = [];
  for (let step = 0; step < steps; step++) {
    const tasks = Array.from({ length: pattern.widthAt(step, width) }, (_, column) => {
      const earlier = step === 0 ? [] : pattern.dependencies(step, column, width).flatMap((other) => before[other] ?? []);
      return count(turns, earlier);
    });
    all.push(...tasks);
    before = tasks;
  }
  await Promise.all(all);
  return (performance.now() - begin) / 1000;
}

function tasksIn(pattern: Pattern, width: number, steps: number): number {
  let tasks = 0;
  for (let step = 0; step < steps; step++) tasks += pattern.widthAt(step, width);
  return tasks;
}

async function measureLength(pattern: Pattern, width: number, lengthUs: number, turnsPerUs: number): Promise<Point> {
  const tasks = Math.min(MOST_TASKS, (workMs * 1000 * WORKERS) / lengthUs);
  const steps = Math.max(4, Math.round(tasks / width));
  const turns = Math.round(lengthUs * turnsPerUs);
  const efficiencies: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const ideal = await timeIdeal(turns, tasksIn(pattern, width, steps));
    efficiencies.push(ideal / (await runGraph(pattern, { width, steps, turns })));
  }
  return { lengthUs, efficiency: median(efficiencies) };
}

/** Halves the length until less than half of the time is work. */
async function measurePattern(pattern: Pattern, width: number, turnsPerUs: number): Promise<Point[]> {
  const points: Point[] = [];
  for (let lengthUs = LONGEST_US; lengthUs >= SHORTEST_US; lengthUs /= 2) {
    const point = await measureLength(pattern, width, lengthUs, turnsPerUs);
    points.push(point);
    // Twice in a row: one alone may be noise.
    if (points.slice(-2).every(({ efficiency }) => efficiency < HALF) && points.length > 1) break;
  }
  return points;
}

const figures: Record<string, unknown> = {};
await withTwoWorkers(async () => {
  const turnsPerUs = await calibrate();
  figures['turnsPerMicrosecond'] = rounded(turnsPerUs);
  await measureLength(PATTERNS['trivial'] as Pattern, columns, SHORTEST_US, turnsPerUs);
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    for (const width of [columns, WORKERS]) {
      const points = await measurePattern(pattern, width, turnsPerUs);
      figures[`${name} ${width}`] = {
        metgMicroseconds: rounded(lengthAt(points, HALF) ?? Number.NaN),
        efficiency: Object.fromEntries(points.map(({ lengthUs, efficiency }) => [lengthUs, rounded(efficiency)])),
      };
    }
  }
  figures['turnsPerMicrosecondAtTheEnd'] = rounded(await calibrate());
});

printReport('metg', 'length of a task at which half of the time of two workers is work', { workMs, columns, ...figures });
