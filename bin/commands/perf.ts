/**
 * `flotilla perf`: how many tasks that do nothing a config runs per second.
 */
import { chooseConfig } from '../../configs/choose.ts';
import { announceRun } from '../../configs/flotilla-run.ts';
import { load } from '../../configs/load.ts';
import { bashApp } from '../../lib/apps/bash-app.ts';
import { jsApp } from '../../lib/apps/js-app.ts';
import { pythonApp } from '../../lib/apps/python-app.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { PerfOptions } from '../command-line/perf.ts';
import { type Round, runRounds } from '../perf/rounds.ts';
import { printJson } from '../print.ts';
import { UsageError } from '../usage-error.ts';

type MakeApp = () => () => PromiseLike<unknown>;

const APPS: Readonly<Record<string, MakeApp>> = {
  js: () => jsApp(() => undefined, { name: 'noop' }),
  python: () => pythonApp<[], undefined>('def noop():\n    pass\n'),
  bash: () => bashApp(() => 'true', { name: 'noop' }),
};

export async function runPerf({ tasks, time, app: kind, json, config, set = [] }: PerfOptions): Promise<void> {
  const makeApp = Object.hasOwn(APPS, kind) ? APPS[kind] : undefined;
  if (makeApp === undefined) throw new UsageError(`--app ${kind}: expected ${Object.keys(APPS).join(', ')}`);
  const options = { tasks: readCount(tasks), targetSeconds: readSeconds(time), nowMs: () => performance.now() };
  announceRun({ command: 'perf', ...(config === undefined ? {} : { config }), set, quiet: json === true, kernelStarted: () => undefined });
  const begin = performance.now();
  await using kernel = await load();
  const app = makeApp();
  await app();
  const firstResultSeconds = (performance.now() - begin) / 1000;
  if (!json) process.stdout.write(`first result after ${firstResultSeconds.toFixed(2)} s\n`);
  const rounds: Round[] = [];
  for await (const round of runRounds(app, options)) {
    rounds.push(round);
    if (!json) process.stdout.write(`${describeRound(round)}\n`);
  }
  const tasksPerSecond = rounds.at(-1)?.tasksPerSecond ?? 0;
  const { source } = chooseConfig({ commandLine: config, argument: undefined, environment: process.env.FLOTILLA_CONFIG });
  if (json) printJson({ config: String(source), app: kind, executors: kernel.executors, firstResultSeconds, rounds, tasksPerSecond });
  else process.stdout.write(`${formatRate(tasksPerSecond)} tasks/s\n`);
}

function describeRound({ tasks, callSeconds, seconds, tasksPerSecond }: Round): string {
  return `${tasks} tasks: ${seconds.toFixed(2)} s (called in ${callSeconds.toFixed(2)} s), ${formatRate(tasksPerSecond)} tasks/s`;
}

/** Three digits: no measurement here knows more. */
const formatRate = (rate: number): string => Number(rate.toPrecision(3)).toLocaleString('en-US');

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new UsageError(`--tasks ${text}: expected a whole number of at least 1`);
}

/** A bare number is seconds, as parsl-perf takes it. */
function readSeconds(text: string): number {
  try {
    return /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseDuration(text) / 1000;
  } catch (error) {
    throw new UsageError(`--time: ${error instanceof Error ? error.message : String(error)}`);
  }
}
