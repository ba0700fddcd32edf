/**
 * Where does the time of a no-op go, stage by stage? In a burst, and alone; beside what the bare hops between the stages take.
 *
 *   npx node bench/stages.ts [tasks of a burst] [bursts] [single calls]
 */
import { jsApp } from '../index.ts';
import { type RawHops, startHops } from './measure/raw-hops.ts';
import { countArgument, printReport } from './measure/report.ts';
import { STAGES, stageTimes } from './measure/stage-times.ts';
import { median, rounded } from './measure/statistics.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const tasks = countArgument(0, 100_000);
const bursts = countArgument(1, 4);
const calls = countArgument(2, 5000);
const HOPS = 2000;

const noop = jsApp(() => undefined);

interface Spent {
  readonly microsecondsEach: number;
  /** µs of CPU for each, and on a run queue, by stage. */
  readonly stages: Readonly<Record<string, { readonly cpu: number; readonly queued: number }>>;
}

async function spend(count: number, work: () => Promise<void>): Promise<Spent> {
  const [before, begin] = [stageTimes(), performance.now()];
  await work();
  const [after, end] = [stageTimes(), performance.now()];
  const stages = Object.fromEntries(
    STAGES.map((stage) => {
      const each = (field: 'cpuUs' | 'queuedUs'): number => rounded((after[stage][field] - before[stage][field]) / count);
      return [stage, { cpu: each('cpuUs'), queued: each('queuedUs') }];
    }),
  );
  return { microsecondsEach: rounded(((end - begin) * 1000) / count), stages };
}

const burst = async (): Promise<void> => void (await Promise.all(Array.from({ length: tasks }, () => noop())));

async function alone(): Promise<void> {
  for (let i = 0; i < calls; i++) await noop();
}

/** µs there and back. */
async function medianOf(hop: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < HOPS; i++) {
    const begin = performance.now();
    await hop();
    times.push((performance.now() - begin) * 1000);
  }
  return median(times.slice(HOPS / 4));
}

const bareHops = async ({ unix, zeromq }: RawHops): Promise<{ unix: number; zeromqCurve: number }> => ({
  unix: rounded(await medianOf(unix)),
  zeromqCurve: rounded(await medianOf(zeromq)),
});

const figures = await withTwoWorkers(async () => {
  await using hops = await startHops();
  await burst();
  await alone();
  const single = await spend(calls, alone);
  const inBursts = await spend(tasks * bursts, async () => {
    for (let i = 0; i < bursts; i++) await burst();
  });
  const bare = await bareHops(hops);
  return { inBursts, alone: single, bareHopMicroseconds: bare, sumOfHopsMicroseconds: rounded(2 * bare.unix + bare.zeromqCurve) };
});

printReport('stages', 'microseconds of each stage for a no-op: in bursts, and for one call at a time', {
  tasks,
  bursts,
  calls,
  ...figures,
});
