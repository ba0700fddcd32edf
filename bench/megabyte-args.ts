/**
 * How many megabytes of arguments reach workers per second, a million bytes to a task?
 *
 *   npx node bench/megabyte-args.ts [tasks per round] [rounds]
 */
import { randomFillSync } from 'node:crypto';
import { jsApp } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { withTwoWorkers } from './measure/two-workers.ts';

const MEGABYTE = 1_000_000;
const tasks = countArgument(0, 100);
const rounds = countArgument(1, 5);

/** Looks at both ends, so that the bytes must be there. */
const measure = jsApp((bytes: Uint8Array) => bytes.length + (bytes[0] ?? 0) + (bytes.at(-1) ?? 0));

/** Each other bytes, so that none is recognised. */
const makeArguments = (): Uint8Array[] => Array.from({ length: tasks }, () => randomFillSync(new Uint8Array(MEGABYTE)));

async function round(): Promise<number> {
  const values = makeArguments();
  const begin = performance.now();
  const results = await Promise.all(values.map((bytes) => measure(bytes)));
  const seconds = (performance.now() - begin) / 1000;
  const wrong = results.findIndex((sum, i) => sum !== MEGABYTE + (values[i]?.[0] ?? 0) + (values[i]?.at(-1) ?? 0));
  if (wrong >= 0) throw new Error(`argument ${wrong} arrived changed`);
  return tasks / seconds;
}

const rates = await withTwoWorkers(async () => {
  await round();
  const all: number[] = [];
  for (let i = 0; i < rounds; i++) all.push(await round());
  return all;
});

printReport('megabyte-args', 'megabytes of arguments per second, a Uint8Array of a million bytes to a task', {
  tasks,
  rounds,
  megabytesPerSecond: rounded(median(rates)),
  megabytesPerSecondOfRounds: rates.map(rounded),
});
