/**
 * Kernels for specs: in a folder of their own, with either executor, gone without a trace afterwards.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Config,
  type ConfigOptions,
  DataFlowKernel,
  HighThroughputExecutor,
  type HighThroughputOptions,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
} from '../../index.ts';
import type { ExecutorDescription } from '../../lib/executor.ts';
import { eventually } from './eventually.ts';
import { addedHandles, countHandles, processesOf, scratchFoldersOf } from './leftovers.ts';

/** An executor that the contract of behaviours is run against. */
export interface ExecutorUnderTest {
  readonly name: 'ThreadPoolExecutor' | 'HighThroughputExecutor';
  /** JavaScript tasks have a process of their own: a directory, signals, death by `process.abort()`. */
  readonly hasProcesses: boolean;
  /** With two workers. */
  create(options?: ThreadPoolOptions & HighThroughputOptions): ExecutorDescription;
}

export const threads: ExecutorUnderTest = {
  name: 'ThreadPoolExecutor',
  hasProcesses: false,
  create: (options) => new ThreadPoolExecutor({ maxThreads: 2, ...options }),
};

export const highThroughput: ExecutorUnderTest = {
  name: 'HighThroughputExecutor',
  hasProcesses: true,
  create: (options) => new HighThroughputExecutor({ maxWorkersPerNode: 2, coresPerWorker: 0.5, ...options }),
};

/** Runs a contract once for each executor. */
export function forEachExecutor(what: string, contract: (executor: ExecutorUnderTest) => void): void {
  for (const executor of [threads, highThroughput]) describe(`${what} (${executor.name})`, () => contract(executor));
}

/** A folder, and the kernel that is open in it. */
export interface Workplace {
  readonly dir: string;
  readonly kernel: DataFlowKernel;
  /** Absolute path of a file in the folder. */
  path(name: string): string;
}

/** Opens one kernel for the specs of this `describe` and closes it behind them. Fails if anything is left behind. */
export function useKernel(executor: ExecutorUnderTest, options: ConfigOptions = {}): Workplace {
  let opened: OpenedKernel | undefined;
  before(async () => {
    opened = await openKernel(executor, options);
  });
  after(async () => {
    await opened?.dispose();
    opened = undefined;
  });
  const current = (): OpenedKernel => {
    if (!opened) throw new Error('the kernel is open within specs only');
    return opened;
  };
  return {
    get dir() {
      return current().dir;
    },
    get kernel() {
      return current().kernel;
    },
    path: (name) => join(current().dir, name),
  };
}

export interface OpenedKernel extends Workplace {
  /** Closes the kernel, checks that nothing of it is left, and removes the folder. */
  dispose(): Promise<void>;
}

export async function openKernel(executor: ExecutorUnderTest, options: ConfigOptions = {}): Promise<OpenedKernel> {
  const folder = await makeFolder();
  const handles = countHandles();
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder.tmp;
  const restore = async (): Promise<void> => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await rm(folder.dir, { recursive: true, force: true });
  };
  const { compiled } = new Config({ executors: [executor.create()], runDir: join(folder.dir, 'runinfo'), ...options });
  const kernel = await DataFlowKernel.start(compiled).catch(async (error: unknown) => {
    await restore();
    throw error;
  });
  return {
    dir: folder.dir,
    kernel,
    path: (name) => join(folder.dir, name),
    async dispose() {
      try {
        const scratch = scratchFoldersOf(kernel.runId);
        await kernel.close({ mode: 'cleanup' });
        await expectNothingLeft(kernel.runId, { handles, folders: [folder.tmp, ...scratch] });
      } finally {
        await restore();
      }
    },
  };
}

async function makeFolder(): Promise<{ dir: string; tmp: string }> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'flotilla-spec-')));
  const tmp = join(dir, 'tmp');
  mkdirSync(tmp);
  return { dir, tmp };
}

/** What ends by itself (the reaper, a closing socket) has a moment to do so. */
async function expectNothingLeft(
  runId: string,
  { handles, folders }: { handles: ReadonlyMap<string, number>; folders: readonly string[] },
): Promise<void> {
  let left: string[] = [];
  await eventually(
    'an end without leftovers',
    () => {
      left = [...processesOf(runId, process.pid), ...addedHandles(handles), ...folders.flatMap(contentsOf)];
      return left.length === 0;
    },
    20_000,
  ).catch(() => {
    throw new Error(`left behind by run ${runId}:\n  ${left.join('\n  ')}`);
  });
}

/** A folder for scratch is gone altogether; a temporary one is empty. */
function contentsOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).map((name) => join(folder, name));
  return folder.endsWith('/tmp') ? names : [folder, ...names];
}

/** How a future fails; a future that does not fail the spec. */
export async function failureOf<E = Error>(future: { exception(): Promise<unknown> }): Promise<E> {
  const error = await future.exception();
  if (error === undefined) throw new Error('it succeeded');
  return error as E;
}
