/**
 * How many bash commands run per second, beside `xargs -P2 -n1 bash -c true` in the same run, taking turns?
 *
 *   npx node bench/bash.ts [commands per round] [rounds]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bashApp } from '../index.ts';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { WORKERS, withTwoWorkers } from './measure/two-workers.ts';

const commands = countArgument(0, 1000);
const rounds = countArgument(1, 7);

/** The semicolon makes it a command that only a shell can run, as xargs runs it: `bash -c 'true;'`. */
const inShell = bashApp(() => 'true;');
/** A simple command, which is executed without a shell. */
const direct = bashApp(() => 'true');

async function viaXargs(): Promise<void> {
  const xargs = spawn('xargs', [`-P${WORKERS}`, '-n1', 'bash', '-c', 'true'], { stdio: ['pipe', 'ignore', 'inherit'] });
  xargs.stdin.end(Array.from({ length: commands }, (_, i) => `${i}\n`).join(''));
  const [code] = await once(xargs, 'close');
  if (code !== 0) throw new Error(`xargs ended with ${code}`);
}

const viaApp = (app: () => PromiseLike<unknown>) => async (): Promise<void> => {
  await Promise.all(Array.from({ length: commands }, () => app()));
};

const ways = { xargs: viaXargs, bashC: viaApp(() => inShell()), direct: viaApp(() => direct()) };
type Way = keyof typeof ways;
const rates: Record<Way, number[]> = { xargs: [], bashC: [], direct: [] };

async function ratePerSecond(run: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await run();
  return (commands * 1000) / (performance.now() - begin);
}

await withTwoWorkers(async () => {
  for (const run of Object.values(ways)) await run();
  for (let i = 0; i < rounds; i++) for (const way of Object.keys(ways) as Way[]) rates[way].push(await ratePerSecond(ways[way]));
});

/** Median over the rounds of what one way reached beside xargs in the same round. */
const ratioToXargs = (way: Way): number => rounded(median(rates[way].map((rate, i) => rate / (rates.xargs[i] ?? Number.NaN))));

printReport('bash', 'bash commands per second, and against xargs -P2 -n1 bash -c true in the same run', {
  commands,
  rounds,
  xargsPerSecond: rounded(median(rates.xargs)),
  bashAppPerSecond: rounded(median(rates.bashC)),
  bashAppToXargs: ratioToXargs('bashC'),
  directPerSecond: rounded(median(rates.direct)),
  directToXargs: ratioToXargs('direct'),
});
