/**
 * What simulated clusters are given to do. Each resolves when the last task has ended, and counts what failed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DataFuture, jsApp } from '../../index.ts';

/** Does nothing by itself: a simulated worker is busy for as long as the argument says. */
const pretend = jsApp((_ms: number) => undefined, { name: 'pretend' });
const afterGate = jsApp((_ms: number, _gate: number) => undefined, { name: 'afterGate' });

export interface Done {
  readonly tasks: number;
  readonly failed: number;
  /** From the first call, or from the moment at which all could begin, to the last result. */
  readonly seconds: number;
}

/** So many that do nothing, all called before the first result is looked at. @param between after the last call; time counts from its end. */
export async function runEmptyTasks(tasks: number, between?: () => Promise<unknown>): Promise<Done> {
  let begin = performance.now();
  const futures: PromiseLike<unknown>[] = [];
  for (let i = 0; i < tasks; i++) futures.push(pretend(0));
  if (between) {
    await between();
    begin = performance.now();
  }
  return { tasks, failed: await countFailed(futures), seconds: (performance.now() - begin) / 1000 };
}

const LOT_MS = 10;

/** So many in a second for so long, in lots of 10 ms, whatever becomes of them: as a script would that waits for other things. */
export async function runArrivingTasks(perSecond: number, seconds: number, ms: number): Promise<Done> {
  const begin = performance.now();
  const futures: PromiseLike<unknown>[] = [];
  const tasks = Math.round(perSecond * seconds);
  while (futures.length < tasks) {
    const due = Math.min(tasks, ((performance.now() - begin) / 1000) * perSecond);
    while (futures.length < due) futures.push(pretend(ms));
    await delay(LOT_MS);
  }
  return { tasks, failed: await countFailed(futures), seconds: (performance.now() - begin) / 1000 };
}

/** Tasks of half to one and a half times `meanMs`, the same in every run. */
export async function runLongTasks(tasks: number, meanMs: number): Promise<Done & { readonly tasksMs: readonly number[] }> {
  const begin = performance.now();
  const futures: PromiseLike<unknown>[] = [];
  const tasksMs: number[] = [];
  for (let i = 0; i < tasks; i++) {
    const ms = Math.round(meanMs * (0.5 + spread(i)));
    tasksMs.push(ms);
    futures.push(pretend(ms));
  }
  return { tasks, failed: await countFailed(futures), seconds: (performance.now() - begin) / 1000, tasksMs };
}

/** Edges of {@link runGraph} for each task, on average. */
const EDGES_PER_TASK = 3;
/** Files of so many tasks to a folder. */
const PER_FOLDER = 1000;

/**
 * Tasks in layers; each reads files of the layer before, two to four, and leaves one. All are called before the first may begin. The files are there
 * from the start, as simulated workers write none.
 */
export async function runGraph(
  tasks: number,
  { width, ms }: { readonly width: number; readonly ms: number },
): Promise<Done & { readonly edges: number; readonly filesCpuUs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-graph-'));
  try {
    const paths = Array.from({ length: tasks }, (_, i) => join(folder, String(Math.floor(i / PER_FOLDER)), String(i)));
    const made = cpuUsOf(() => {
      for (let i = 0; i < tasks; i += PER_FOLDER) mkdirSync(join(folder, String(i / PER_FOLDER)));
      for (const path of paths) writeFileSync(path, '');
    });
    const done = await callGraph(paths, width, ms);
    const removed = cpuUsOf(() => rmSync(folder, { recursive: true }));
    return { ...done, filesCpuUs: made + removed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function cpuUsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function callGraph(paths: readonly string[], width: number, ms: number): Promise<Done & { readonly edges: number }> {
  const gate = Promise.withResolvers<number>();
  const written: DataFuture[] = [];
  const futures: PromiseLike<unknown>[] = [];
  let edges = 0;
  for (const [i, path] of paths.entries()) {
    const inputs = earlierOf(i, width).map((earlier) => written[earlier] as DataFuture);
    edges += inputs.length;
    const future = afterGate.with({ inputs, outputs: [path] })(ms, gate.promise);
    written.push(future.outputs[0] as DataFuture);
    futures.push(future);
  }
  const begin = performance.now();
  gate.resolve(1);
  return { tasks: paths.length, edges, failed: await countFailed(futures), seconds: (performance.now() - begin) / 1000 };
}

/** Two, three and four in turn of the layer before, the same in every run. */
function earlierOf(i: number, width: number): number[] {
  const layer = Math.floor(i / width);
  if (layer === 0) return [];
  const count = EDGES_PER_TASK - 1 + (i % EDGES_PER_TASK);
  return Array.from({ length: count }, (_, k) => (layer - 1) * width + Math.floor(spread(i * 5 + k) * width));
}

/** In [0, 1), by multiples of the golden ratio. */
const spread = (i: number): number => (i * 0.6180339887) % 1;

async function countFailed(futures: readonly PromiseLike<unknown>[]): Promise<number> {
  const ends = await Promise.allSettled(futures);
  return ends.filter(({ status }) => status === 'rejected').length;
}
