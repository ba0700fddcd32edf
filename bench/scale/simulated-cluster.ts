/**
 * A kernel whose HighThroughputExecutor has simulated managers, and what its real interchange says of itself when all is over.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { InterchangeReport } from '../../executors/high-throughput/interchange/stats.ts';
import { Config, HighThroughputExecutor, load, LocalProvider } from '../../index.ts';
import type { ManagerEvent } from '../../lib/events/events.ts';
import { SimulatedLauncher } from './simulated-launcher.ts';

export interface ClusterSize {
  readonly managers: number;
  readonly slotsPerManager: number;
  /** Processes that hold them; each is a block. */
  readonly processes: number;
}

/** What is counted while it runs. */
export interface Cluster {
  /** From the moment on which all begin to connect until the last one is registered. */
  readonly registrationSeconds: number;
}

export interface ClusterResult<T> {
  readonly result: T;
  readonly interchange: InterchangeReport;
  readonly managersLost: number;
  readonly registrationSeconds: number;
}

const POLL_MS = 5;
/** As the default of addressProbeTimeout says of each manager, and a little for all together. */
const REGISTRATION_LIMIT_MS = 180_000;

/** Runs `body` when all managers are registered. @throws Error if they do not register in time. */
export async function withSimulatedCluster<T>(size: ClusterSize, body: () => Promise<T>): Promise<ClusterResult<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-scale-'));
  const stats = join(folder, 'stats');
  const counts = { managerRegistered: 0, managerLost: 0, managerLeft: 0, managerRefused: 0 };
  const count = (event: unknown): void => void counts[(event as ManagerEvent).kind]++;
  subscribe('flotilla:manager', count);
  process.env['FLOTILLA_INTERCHANGE_STATS'] = stats;
  try {
    const done = await run();
    return { ...done, managersLost: counts.managerLost, interchange: readReport(stats) };
  } finally {
    delete process.env['FLOTILLA_INTERCHANGE_STATS'];
    unsubscribe('flotilla:manager', count);
    rmSync(folder, { recursive: true, force: true });
  }

  async function run(): Promise<{ result: T; registrationSeconds: number }> {
    await using _kernel = await load(new Config({ runDir: join(folder, 'runinfo'), strategy: 'none', executors: [simulated(size, folder)] }));
    await until(() => readyProcesses(folder) === size.processes, 'the processes of the managers to start');
    const begin = performance.now();
    writeFileSync(join(folder, 'go'), '');
    await until(() => counts.managerRegistered - counts.managerLost >= size.managers, () => `managers to register: ${JSON.stringify(counts)}`);
    const registrationSeconds = (performance.now() - begin) / 1000;
    return { result: await body(), registrationSeconds };
  }
}

function simulated({ managers, slotsPerManager, processes }: ClusterSize, folder: string): HighThroughputExecutor {
  const launcher = new SimulatedLauncher({ managers: managers / processes, slotsPerManager, folder });
  const provider = new LocalProvider({ initBlocks: processes, minBlocks: processes, maxBlocks: processes, launcher });
  return new HighThroughputExecutor({ label: 'htex', provider });
}

const readyProcesses = (folder: string): number => readdirSync(folder).filter((name) => name.startsWith('ready-')).length;

async function until(isSo: () => boolean, what: string | (() => string)): Promise<void> {
  const deadline = performance.now() + REGISTRATION_LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    await delay(POLL_MS);
  }
}

function readReport(folder: string): InterchangeReport {
  if (!existsSync(folder)) throw new Error('the interchange has left no report of itself: it was ended before it could write one');
  const [first, ...others] = readdirSync(folder);
  if (first === undefined || others.length > 0) throw new Error(`there were ${others.length + 1} interchanges, where there should be one`);
  return JSON.parse(readFileSync(join(folder, first), 'utf8')) as InterchangeReport;
}
