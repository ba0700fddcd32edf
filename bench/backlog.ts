/**
 * Does what a task costs stay the same however many there are? Each row is run for a quarter of its size and for all of it.
 *
 *   npx node bench/backlog.ts [tasks through map] [waiting tasks] [width of the fan]
 *
 * `map`: through `app.map`, in a window. `graph`: tasks that each write a file and read those of two or three earlier ones, all called
 * before the first may start. `fan`: one value for many tasks, and all of theirs for one.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFuture, jsApp } from '../index.ts';
import { peakMemory } from './measure/process-memory.ts';
import { treeCpuMs } from './measure/process-tree.ts';
import { countArgument, printReport } from './measure/report.ts';
import { rounded } from './measure/statistics.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const SHARE = 4;
const WARM_UP = 20_000;
/** Files of so many tasks to a folder. */
const PER_FOLDER = 1000;

const sizes = { map: countArgument(0, 1_000_000), graph: countArgument(1, 200_000), fan: countArgument(2, 100_000) };

const identity = jsApp((x: number) => x, { name: 'identity' });
const count = jsApp((values: number[]) => values.length, { name: 'count' });
const touch = jsApp(
  async (path: string, _gate: number) => {
    const { closeSync, openSync } = await import('node:fs');
    closeSync(openSync(path, 'w'));
  },
  { name: 'touch' },
);

async function throughMap(tasks: number): Promise<void> {
  let sum = 0;
  for await (const value of identity.map(Array.from({ length: tasks }).keys())) sum += value;
  if (sum !== (tasks * (tasks - 1)) / 2) throw new Error(`the values of ${tasks} tasks add up to ${sum}`);
}

async function fan(width: number): Promise<void> {
  const source = identity(7);
  const found = await count(Array.from({ length: width }, () => identity(source)));
  if (found !== width) throw new Error(`${found} of ${width} values arrived`);
}

/** Removed when all is measured: that is the file system's work, not ours. */
const files = mkdtempSync(join(tmpdir(), 'flotilla-backlog-'));

async function graphOfFiles(tasks: number): Promise<void> {
  const folder = mkdtempSync(join(files, 'graph-'));
  for (let i = 0; i <= tasks / PER_FOLDER; i++) mkdirSync(join(folder, String(i)));
  const gate = Promise.withResolvers<number>();
  const written: DataFuture[] = [];
  const ends: PromiseLike<void>[] = [];
  for (let i = 0; i < tasks; i++) {
    const path = join(folder, String(Math.floor(i / PER_FOLDER)), String(i));
    const inputs = predecessorsOf(i).map((earlier) => written[earlier] as DataFuture);
    const future = touch.with({ inputs, outputs: [path] })(path, gate.promise);
    written.push(future.outputs[0] as DataFuture);
    ends.push(future);
  }
  gate.resolve(1);
  await Promise.all(ends);
}

/** Two and three in turn: half a million edges for 200,000 tasks. Spread over all that came before, the same in every run. */
function predecessorsOf(i: number): number[] {
  if (i === 0) return [];
  return Array.from({ length: 2 + (i % 2) }, (_, k) => Math.floor(((i * 0.6180339887 + k * 0.3) % 1) * i));
}

const ROWS = { map: throughMap, fan, graph: graphOfFiles };

interface Row {
  readonly tasks: number;
  readonly seconds: number;
  /** Of all processes together. */
  readonly cpuMicrosecondsPerTask: number;
  readonly cpuMicrosecondsPerTaskOfAQuarter: number;
  /** The first beside the second: 1 is linear. CPU and not time, as others are at work on most machines. */
  readonly growth: number;
  readonly driverCpuMicrosecondsPerTask: number;
  readonly driverGrowth: number;
  readonly driverPeakMegabytes: number;
  readonly largestOtherPeakMegabytes: number;
}

async function measure(run: (tasks: number) => Promise<void>, tasks: number): Promise<Row> {
  const few = Math.max(1, Math.floor(tasks / SHARE));
  const ofAQuarter = await cost(() => run(few), few);
  const ofAll = await cost(() => run(tasks), tasks);
  const { driverBytes, largestOtherBytes } = peakMemory();
  return {
    tasks,
    seconds: rounded(ofAll.seconds),
    cpuMicrosecondsPerTask: rounded(ofAll.cpuMicroseconds),
    cpuMicrosecondsPerTaskOfAQuarter: rounded(ofAQuarter.cpuMicroseconds),
    growth: rounded(ofAll.cpuMicroseconds / ofAQuarter.cpuMicroseconds),
    driverCpuMicrosecondsPerTask: rounded(ofAll.driverCpuMicroseconds),
    driverGrowth: rounded(ofAll.driverCpuMicroseconds / ofAQuarter.driverCpuMicroseconds),
    driverPeakMegabytes: rounded(driverBytes / 1e6),
    largestOtherPeakMegabytes: rounded(largestOtherBytes / 1e6),
  };
}

interface Cost {
  readonly seconds: number;
  /** For each task. */
  readonly cpuMicroseconds: number;
  readonly driverCpuMicroseconds: number;
}

async function cost(run: () => Promise<void>, tasks: number): Promise<Cost> {
  const [begin, cpuBefore, ownBefore] = [performance.now(), treeCpuMs(), process.cpuUsage()];
  await run();
  const own = process.cpuUsage(ownBefore);
  return {
    seconds: (performance.now() - begin) / 1000,
    cpuMicroseconds: ((treeCpuMs() - cpuBefore) * 1000) / tasks,
    driverCpuMicroseconds: (own.user + own.system) / tasks,
  };
}

/** A kernel for each: peaks are of a process's whole life, so the least hungry comes first. */
const figures: Record<string, Row> = {};
for (const [name, run] of Object.entries(ROWS)) {
  figures[name] = await withTwoWorkers(async () => {
    await run(Math.min(WARM_UP, sizes[name as keyof typeof sizes]));
    return measure(run, sizes[name as keyof typeof sizes]);
  });
}
rmSync(files, { recursive: true, force: true });

let fileEdges = 0;
for (let i = 0; i < sizes.graph; i++) fileEdges += predecessorsOf(i).length;

printReport('backlog', 'whether what a task costs stays the same however many there are', { ...figures, fileEdges });
