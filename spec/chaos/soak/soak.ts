/**
 * A soak: a campaign of tasks of every kind under random kills and freezes, judged by what it left. Prints counts and a verdict.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../executors/high-throughput/interchange/simulation/random.ts';
import { childrenOf, environOf, processesWith } from '../../support/high-throughput.ts';
import { type Judgement, judgeRun } from '../oracle.ts';
import { Harm, type Role, type Targets } from './harm.ts';
import { type Growth, Samples } from './samples.ts';

const CAMPAIGN = fileURLToPath(new URL('./campaign.fixture.ts', import.meta.url));
const SAMPLE_MS = 5000;
/** What has not ended so long after the last fault hangs. */
const HANGS_AFTER_MS = 120_000;

export interface SoakOptions {
  readonly minutes: number;
  readonly tasks: number;
  readonly seed: number;
}

export interface SoakResult {
  readonly faults: Readonly<Record<string, number>>;
  readonly campaign:
    | { readonly counts: Readonly<Record<string, number>>; readonly firstErrors: readonly string[]; readonly seconds: number }
    | undefined;
  readonly judgement: Judgement;
  readonly growth: readonly Growth[];
  readonly course: readonly string[];
  /** What is wrong; empty: nothing. */
  readonly wrong: readonly string[];
}

export async function soak({ minutes, tasks, seed }: SoakOptions): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-soak-'));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CAMPAIGN, folder, String(tasks), String(minutes * 60)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: folder,
  });
  const ended = new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`)));
  const said: Record<string, unknown> = {};
  const started = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    Object.assign(said, JSON.parse(line));
    started.resolve();
  });
  await Promise.race([started.promise, ended]);
  const targets = targetsOf(child.pid ?? 0, String(said['runId']));
  const harm = new Harm(targets, createRandom(seed));
  const samples = new Samples(targets);
  const sampling = setInterval(() => samples.take(), SAMPLE_MS);
  const harming = harm.go([300, 1500]);
  const timers = [
    setTimeout(() => harm.stop(), minutes * 60_000),
    // It says on stderr then what it waits for.
    setTimeout(() => child.kill('SIGTERM'), minutes * 60_000 + HANGS_AFTER_MS),
    setTimeout(() => child.kill('SIGKILL'), minutes * 60_000 + HANGS_AFTER_MS + 20_000),
  ];
  const how = await ended;
  for (const timer of timers) clearTimeout(timer);
  harm.stop();
  clearInterval(sampling);
  await harming;
  const judgement = await judgeRun(String(said['runDir']));
  const campaign = 'counts' in said ? (said as unknown as SoakResult['campaign']) : undefined;
  const growth = samples.growth();
  const wrong = whatIsWrong({ how, tasks, campaign, judgement, growth });
  if (wrong.length === 0) await rm(folder, { recursive: true, force: true });
  return { faults: harm.counts, campaign, judgement, growth, course: samples.course(), wrong };
}

interface Findings extends Pick<SoakResult, 'campaign' | 'judgement' | 'growth'> {
  readonly how: string;
  readonly tasks: number;
}

function whatIsWrong({ how, tasks, campaign, judgement, growth }: Findings): string[] {
  const { right = 0, poisonous = 0 } = campaign?.counts ?? {};
  return [
    ...(how === 'exit code 0' ? [] : [`the driver ended by ${how}`]),
    ...(right + poisonous === tasks
      ? []
      : [`${tasks - right - poisonous} of ${tasks} tasks have no right result: ${campaign?.firstErrors.join('; ')}`]),
    ...judgement.problems,
    ...growth
      .filter(({ grows }) => grows)
      .map(({ role, early, late }) => `${role} grows: ${JSON.stringify(early)} to ${JSON.stringify(late)}`),
  ];
}

function targetsOf(driver: number, runId: string): Targets {
  const ofRun = (name: RegExp): number[] =>
    processesWith((commandLine, pid) => name.test(commandLine) && environOf(pid).includes(`FLOTILLA_RUN_ID=${runId}\0`));
  const pids: Readonly<Record<Role, () => number[]>> = {
    driver: () => [driver],
    interchange: () => childrenOf(driver, 'interchange-entry'),
    manager: () =>
      processesWith(
        (commandLine) => /^\S*node .*manager-entry/.test(commandLine) && commandLine.includes(`/${runId.split('-')[0]}/`),
      ).filter((pid) => environOf(pid).includes(runId)),
    worker: () => ofRun(/process-entry|flotilla_worker\.py|spawner(\.pl|-linux)/),
  };
  return { pids: (role) => pids[role]() };
}
