/**
 * Loaded into every process of Node of a run that is soaked: says now and then how much it keeps when all that it does not need has been
 * collected. Only that tells a leak from garbage. The folder is in FLOTILLA_SOAK_HEAPS.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const PERIOD_MS = 10_000;
const folder = process.env['FLOTILLA_SOAK_HEAPS'];

/** A line of `<pid>.jsonl`. */
export interface HeapLine {
  readonly at: number;
  readonly bytes: number;
}

if (folder !== undefined && isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const path = join(folder, `${process.pid}.jsonl`);
  setInterval(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const line: HeapLine = { at: Date.now(), bytes: heapUsed + external };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  }, PERIOD_MS).unref();
}
