/**
 * The executor that every bench measures: two workers on this machine, encrypted, all else as shipped.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config, HighThroughputExecutor, load } from '../../index.ts';

export const WORKERS = 2;

/** Runs `body` with a kernel of its own, whose run directory is removed. `coresPerWorker` has two workers also on one core. */
export async function withTwoWorkers<T>(body: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));
  try {
    const executor = new HighThroughputExecutor({ label: 'htex', maxWorkersPerNode: WORKERS, coresPerWorker: 0.5 });
    await using _kernel = await load(new Config({ runDir: join(folder, 'runinfo'), executors: [executor] }));
    return await body();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
