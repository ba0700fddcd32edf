/**
 * Everyone who runs tasks that do nothing: ourselves, and the peers by a script or a command line of theirs. Each measures itself alike.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bashApp, jsApp, pythonApp } from '../../index.ts';
import { treeCpuMs } from '../measure/process-tree.ts';
import { median, percentile } from '../measure/statistics.ts';
import { measureThroughput } from '../measure/throughput.ts';
import { withTwoWorkers, WORKERS } from '../measure/two-workers.ts';

export interface PeerFigures {
  readonly version: string;
  readonly tasks: number;
  readonly tasksPerSecond: number;
  /** Of all its processes. */
  readonly cpuMicrosecondsPerTask?: number;
  readonly roundTripMilliseconds?: number;
  readonly roundTripP99Milliseconds?: number;
}

interface Turn {
  readonly folder: string;
  readonly percent: number;
}

export interface Contender {
  readonly name: string;
  /** @throws Error if it is not there. */
  measure(turn: Turn): Promise<PeerFigures>;
}

const run = promisify(execFile);
const PEER_LIMIT_MS = 60_000;

const nothing = jsApp(() => undefined, { name: 'nothing' });
const nothingInPython = pythonApp<[], null>(`
  def nothing():
      return None
`);
/** Executed without a shell, as HyperQueue does it. */
const nothingAsCommand = bashApp(() => 'true', { name: 'nothingAsCommand' });

/** @param python of the peers; undefined: there is none. */
export const contenders = (python: string | undefined): Contender[] => [
  ourselves('jsApp', () => nothing(), { tasks: 100_000, calls: 2000 }),
  ourselves('pythonApp', () => nothingInPython(), { tasks: 50_000, calls: 2000 }),
  script(python, 'parsl', 'run_parsl.py', { tasks: 4000, calls: 500 }, 'defaults'),
  script(python, 'parslTuned', 'run_parsl.py', { tasks: 6000, calls: 500 }, 'tuned'),
  script(python, 'dask', 'run_dask.py', { tasks: 4000, calls: 200 }),
  ourselves('bashApp', () => nothingAsCommand(), { tasks: 3000, calls: 200 }),
  script(python, 'hyperqueue', 'run_hyperqueue.py', { tasks: 3000, calls: 100 }),
  { name: 'gnuParallel', measure: ({ percent }) => measureParallel(scaled(2000, percent)) },
];

interface Counts {
  readonly tasks: number;
  /** One at a time. */
  readonly calls: number;
}

const scaled = (count: number, percent: number): number => Math.max(8, Math.round((count * percent) / 100));

function ourselves(name: string, call: () => PromiseLike<unknown>, { tasks, calls }: Counts): Contender {
  return {
    name,
    measure: ({ percent }) =>
      withTwoWorkers(async () => {
        const count = scaled(tasks, percent);
        const throughput = await measureThroughput(call, { tasks: count, rounds: 1 });
        const times = await timeAlone(call, scaled(calls, percent));
        return {
          version: 'Flotilla of this checkout',
          tasks: count,
          tasksPerSecond: throughput.tasksPerSecond,
          cpuMicrosecondsPerTask: throughput.cpuMicrosecondsPerTask,
          roundTripMilliseconds: median(times),
          roundTripP99Milliseconds: percentile(times, 0.99),
        };
      }),
  };
}

async function timeAlone(call: () => PromiseLike<unknown>, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const begin = performance.now();
    await call();
    times.push(performance.now() - begin);
  }
  return times;
}

function script(python: string | undefined, name: string, file: string, { tasks, calls }: Counts, ...more: string[]): Contender {
  return {
    name,
    measure: async ({ folder, percent }) => {
      if (python === undefined) throw new Error('there is no Python that has it');
      const cwd = join(folder, name);
      mkdirSync(cwd, { recursive: true });
      const path = fileURLToPath(new URL(`./${file}`, import.meta.url));
      const { stdout } = await run(python, [path, String(scaled(tasks, percent)), String(scaled(calls, percent)), ...more], {
        cwd,
        timeout: PEER_LIMIT_MS,
        // Parsl looks for its programs there; by the tag its processes are found.
        env: { ...process.env, PATH: `${dirname(python)}:${process.env['PATH']}`, FLOTILLA_PEERS_BENCH: randomUUID() },
      });
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PeerFigures;
    },
  };
}

/** A single command is timed beside many, as it has no server: what starting it takes is not counted. */
async function measureParallel(tasks: number): Promise<PeerFigures> {
  const { stdout: version } = await run('parallel', ['--version']);
  const start = await timeParallel(1);
  const cpuMs = treeCpuMs();
  const seconds = (await timeParallel(tasks + 1)) - start;
  return {
    version: version.split('\n')[0] ?? '',
    tasks,
    tasksPerSecond: tasks / seconds,
    cpuMicrosecondsPerTask: ((treeCpuMs() - cpuMs) * 1000) / tasks,
    roundTripMilliseconds: start * 1000,
  };
}

async function timeParallel(count: number): Promise<number> {
  const begin = performance.now();
  const child = run('parallel', ['--will-cite', `-j${WORKERS}`, 'true']);
  child.child.stdin?.end('\n'.repeat(count));
  await child;
  return (performance.now() - begin) / 1000;
}
