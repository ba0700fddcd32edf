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

export interface ClusterResult<T> {
  readonly result: T;
  readonly interchange: InterchangeReport;
  readonly managersLost: number;
}

/** All managers dial at once. @returns seconds until the last one is registered. @throws Error if that takes too long. */
export type Connect = () => Promise<number>;

const POLL_MS = 5;
const REGISTRATION_LIMIT_MS = 180_000;

/** `body` says when the managers connect. */
export async function withSimulatedCluster<T>(size: ClusterSize, body: (connect: Connect) => Promise<T>): Promise<ClusterResult<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-scale-'));
  const counts = { managerRegistered: 0, managerLost: 0, managerLeft: 0, managerRefused: 0, managerQuarantined: 0, managerReleased: 0 };
  const count = (event: unknown): void => void counts[(event as ManagerEvent).kind]++;
  subscribe('flotilla:manager', count);
  process.env['FLOTILLA_INTERCHANGE_STATS'] = join(folder, 'stats');
  try {
    const result = await run();
    return { result, managersLost: counts.managerLost, interchange: readReport(join(folder, 'stats')) };
  } finally {
    delete process.env['FLOTILLA_INTERCHANGE_STATS'];
    unsubscribe('flotilla:manager', count);
    rmSync(folder, { recursive: true, force: true });
  }

  /** Its interchange has reported when the kernel is closed. */
  async function run(): Promise<T> {
    await using _kernel = await load(
      new Config({ runDir: join(folder, 'runinfo'), strategy: 'none', executors: [simulated(size, folder)] }),
    );
    await until(
      () => readyProcesses(folder) === size.processes,
      () => 'the processes of the managers to start',
    );
    return await body(connect);
  }

  async function connect(): Promise<number> {
    const begin = performance.now();
    writeFileSync(join(folder, 'go'), '');
    await until(
      () => counts.managerRegistered - counts.managerLost >= size.managers,
      () => `${size.managers} managers to register; there were ${JSON.stringify(counts)}`,
    );
    return (performance.now() - begin) / 1000;
  }
}

function simulated({ managers, slotsPerManager, processes }: ClusterSize, folder: string): HighThroughputExecutor {
  const launcher = new SimulatedLauncher({ managers: managers / processes, slotsPerManager, folder });
  const provider = new LocalProvider({ initBlocks: processes, minBlocks: processes, maxBlocks: processes, launcher });
  return new HighThroughputExecutor({ label: 'htex', provider });
}

const readyProcesses = (folder: string): number => readdirSync(folder).filter((name) => name.startsWith('ready-')).length;

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + REGISTRATION_LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what()}`);
    await delay(POLL_MS);
  }
}

function readReport(folder: string): InterchangeReport {
  if (!existsSync(folder)) throw new Error('the interchange has left no report of itself: it was ended before it could write one');
  const [first, ...others] = readdirSync(folder);
  if (first === undefined || others.length > 0) throw new Error(`there were ${others.length + 1} interchanges, where there should be one`);
  return JSON.parse(readFileSync(join(folder, first), 'utf8')) as InterchangeReport;
}
