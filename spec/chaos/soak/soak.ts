/**
 * A soak: a campaign of tasks of every kind under random kills and freezes, judged by what it left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../executors/high-throughput/interchange/simulation/random.ts';
import { childrenOf } from '../../support/high-throughput.ts';
import { type Judgement, judgeRun } from '../oracle.ts';
import { crashesIn } from './crashes.ts';
import { Harm, type Role, type Targets } from './harm.ts';
import { type Kind, processesOfRun, type RunProcess } from './run-processes.ts';
import { type Growth, Samples } from './samples.ts';

const CAMPAIGN = fileURLToPath(new URL('./campaign.fixture.ts', import.meta.url));
const INSIDE = new URL('./inside.fixture.ts', import.meta.url).href;
const SAMPLE_MS = 5000;
/** A campaign in which nothing has ended for so long hangs. */
const HANGS_AFTER_MS = 120_000;
const LAST_WORDS_MS = 20_000;
/** The share of the time in which one process of each kind is not killed. */
const SPARED = [0.2, 0.8] as const;

export interface SoakOptions {
  /** At the least: it goes on until all tasks have ended. */
  readonly minutes: number;
  readonly tasks: number;
  readonly seed: number;
}

export interface SoakResult {
  readonly faults: Readonly<Record<string, number>>;
  readonly campaign: CampaignEnd | undefined;
  readonly judgement: Judgement;
  readonly growth: readonly Growth[];
  /** Of the machine: at the beginning, in the middle, at the end. */
  readonly load: readonly number[];
  /** What is wrong; empty: nothing. */
  readonly wrong: readonly string[];
}

interface CampaignEnd {
  readonly counts: Readonly<Record<string, number>>;
  readonly firstErrors: readonly string[];
  readonly seconds: number;
}

/** What the campaign says of itself, as far as it has. */
interface Said {
  readonly runId?: string;
  readonly runDir?: string;
  readonly progress?: { readonly called: number; readonly ended: number };
  readonly counts?: CampaignEnd['counts'];
}

export async function soak({ minutes, tasks, seed }: SoakOptions): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-soak-'));
  const campaign = await Campaign.start(folder, tasks, minutes * 60);
  const { pid, runId = '', runDir = '' } = { pid: campaign.child.pid ?? 0, ...campaign.said };
  const processes = (): RunProcess[] => processesOfRun(pid, runId);
  const harm = new Harm(targetsAmong(processes), createRandom(seed));
  const samples = new Samples(processes, heapsIn(folder));
  const load: number[] = [];
  const noteLoad = (): void => void load.push(loadavg()[0] ?? 0);
  noteLoad();
  const sampling = setInterval(() => samples.take(), SAMPLE_MS);
  const harming = harm.go([300, 1500]);
  const timers = [
    setTimeout(() => harm.spare(oneOfEach(processes())), minutes * 60_000 * SPARED[0]),
    setTimeout(noteLoad, minutes * 30_000),
    setTimeout(() => harm.spare([]), minutes * 60_000 * SPARED[1]),
  ];
  const how = await campaign.finish(() => harm.stop());
  noteLoad();
  for (const timer of timers) clearTimeout(timer);
  harm.stop();
  clearInterval(sampling);
  await harming;
  const judgement = await judgeRun(runDir);
  const end = campaign.said.counts === undefined ? undefined : (campaign.said as unknown as CampaignEnd);
  const growth = samples.growth();
  const wrong = whatIsWrong({ how, tasks, campaign: end, judgement, growth, crashes: crashesIn(runDir) });
  if (wrong.length === 0) await rm(folder, { recursive: true, force: true });
  else wrong.push(`what it left is in ${folder}`);
  return { faults: harm.counts, campaign: end, judgement, growth, load, wrong };
}

const heapsIn = (folder: string): string => join(folder, 'heaps');

/** The process of the campaign, and what it has said. */
class Campaign {
  readonly child: ChildProcess;
  said: Said = {};
  readonly #tasks: number;
  readonly #ended: Promise<string>;
  readonly #started = Promise.withResolvers<void>();
  #progressMs = performance.now();

  /** @returns when it runs, or has ended. */
  static async start(folder: string, tasks: number, seconds: number): Promise<Campaign> {
    await mkdir(heapsIn(folder));
    const campaign = new Campaign(folder, tasks, seconds);
    await Promise.race([campaign.#started.promise, campaign.#ended]);
    return campaign;
  }

  private constructor(folder: string, tasks: number, seconds: number) {
    this.#tasks = tasks;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CAMPAIGN, folder, String(tasks), String(seconds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: `--import=${INSIDE}`, FLOTILLA_SOAK_HEAPS: heapsIn(folder) },
    });
    this.child = child;
    this.#ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(JSON.parse(line) as Said));
  }

  #hear(said: Said): void {
    if (said.progress?.ended !== this.said.progress?.ended) this.#progressMs = performance.now();
    this.said = { ...this.said, ...said };
    this.#started.resolve();
  }

  /** @param allCalled told when it calls no more. @returns how it ended. */
  async finish(allCalled: () => void): Promise<string> {
    const watching = setInterval(() => {
      if (this.said.progress?.called === this.#tasks) allCalled();
      const silentMs = performance.now() - this.#progressMs;
      // It says on stderr then what it waits for.
      if (silentMs > HANGS_AFTER_MS) this.child.kill(silentMs > HANGS_AFTER_MS + LAST_WORDS_MS ? 'SIGKILL' : 'SIGTERM');
    }, 1000);
    try {
      return await this.#ended;
    } finally {
      clearInterval(watching);
    }
  }
}

interface Findings extends Pick<SoakResult, 'campaign' | 'judgement' | 'growth'> {
  readonly how: string;
  readonly tasks: number;
  readonly crashes: readonly string[];
}

function whatIsWrong({ how, tasks, campaign, judgement, growth, crashes }: Findings): string[] {
  const { right = 0, poisonous = 0 } = campaign?.counts ?? {};
  return [
    ...(how === 'exit code 0' ? [] : [`the driver ended by ${how}`]),
    ...(right + poisonous === tasks
      ? []
      : [`${tasks - right - poisonous} of ${tasks} tasks have no right result: ${campaign?.firstErrors.join('; ')}`]),
    ...judgement.problems,
    ...crashes,
    ...growth
      .filter(({ grows }) => grows)
      .map(
        ({ kind, pid, measure, course }) =>
          `${pid === undefined ? 'the largest ' : ''}${kind} grows (${measure}): ${JSON.stringify(course)}`,
      ),
  ];
}

const KINDS_OF: Readonly<Record<Role, readonly Kind[]>> = {
  driver: ['driver'],
  interchange: ['interchange'],
  manager: ['manager'],
  worker: ['JavaScript worker', 'Python worker', 'helper for commands'],
};

const targetsAmong = (processes: () => readonly RunProcess[]): Targets => ({
  pids: (role) =>
    processes()
      .filter(({ kind }) => KINDS_OF[role].includes(kind))
      .map(({ pid }) => pid),
});

/** The interchange, a manager, and one of each kind of its workers, as far as there are. */
function oneOfEach(processes: readonly RunProcess[]): number[] {
  const manager = processes.find(({ kind }) => kind === 'manager')?.pid ?? 0;
  const own = new Set(childrenOf(manager, ''));
  const workers = Map.groupBy(
    processes.filter(({ pid }) => own.has(pid)),
    ({ kind }) => kind,
  );
  const interchange = processes.filter(({ kind }) => kind === 'interchange').map(({ pid }) => pid);
  return [...interchange, manager, ...[...workers.values()].flatMap(([first]) => first?.pid ?? [])];
}
