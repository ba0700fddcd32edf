/**
 * How many calls of an app per second end, and how much CPU they take in all processes together.
 */
import { treeCpuMs } from './process-tree.ts';
import { median, rounded } from './statistics.ts';

export interface ThroughputOptions {
  readonly tasks: number;
  readonly rounds: number;
}

export interface Throughput {
  readonly tasksPerSecond: number;
  readonly tasksPerSecondOfRounds: readonly number[];
  /** Driver, interchange, manager, workers and what they start. */
  readonly cpuMicrosecondsPerTask: number;
  readonly driverCpuMicrosecondsPerTask: number;
}

/** Each round calls the app `tasks` times without waiting, then waits for all. A first round, not counted, warms everything up. */
export async function measureThroughput(app: () => PromiseLike<unknown>, { tasks, rounds }: ThroughputOptions): Promise<Throughput> {
  await burst(app, tasks);
  const rates: number[] = [];
  const cpuBefore = treeCpuMs();
  const ownBefore = process.cpuUsage();
  for (let round = 0; round < rounds; round++) rates.push(tasks / (await burst(app, tasks)));
  const own = process.cpuUsage(ownBefore);
  const total = tasks * rounds;
  return {
    tasksPerSecond: rounded(median(rates)),
    tasksPerSecondOfRounds: rates.map(rounded),
    cpuMicrosecondsPerTask: rounded(((treeCpuMs() - cpuBefore) * 1000) / total),
    driverCpuMicrosecondsPerTask: rounded((own.user + own.system) / total),
  };
}

/** @returns seconds from the first call to the last result. */
async function burst(app: () => PromiseLike<unknown>, tasks: number): Promise<number> {
  const begin = performance.now();
  const futures: PromiseLike<unknown>[] = [];
  for (let i = 0; i < tasks; i++) futures.push(app());
  await Promise.all(futures);
  return (performance.now() - begin) / 1000;
}
