/**
 * How long do many short commands take with `flotilla map`, beside GNU Parallel, each with two at once, taking turns?
 *
 *   npx node bench/map.ts [commands per round] [rounds]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { WORKERS } from './measure/two-workers.ts';

const commands = countArgument(0, 2000);
const rounds = countArgument(1, 3);
/** As it is installed. */
const flotilla = fileURLToPath(new URL('../dist/bin/flotilla.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));

/** What each is asked for: a command that bash runs, its output printed, a line in a job log. */
const asked = [`-j${WORKERS}`, '--joblog', 'joblog', 'echo {}; :'];
const ways = {
  map: [process.execPath, flotilla, 'map', ...asked],
  parallel: ['parallel', '--will-cite', ...asked],
};
type Way = keyof typeof ways;

/** @returns seconds from start to end of the program. */
async function run(way: Way, count: number): Promise<number> {
  const [program = '', ...args] = ways[way];
  const env = { ...process.env, SHELL: '/bin/bash', FLOTILLA_CONFIG: '' };
  const begin = performance.now();
  const child = spawn(program, args, { cwd: folder, env, stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(Array.from({ length: count }, (_, i) => `${i}\n`).join(''));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${way} ended with ${code}`);
  return (performance.now() - begin) / 1000;
}

const seconds: Record<Way, { one: number[]; all: number[] }> = { map: { one: [], all: [] }, parallel: { one: [], all: [] } };
try {
  for (let i = 0; i < rounds; i++) {
    for (const way of Object.keys(ways) as Way[]) {
      seconds[way].one.push(await run(way, 1));
      seconds[way].all.push(await run(way, commands));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const figuresOf = (way: Way) => {
  const [one, all] = [median(seconds[way].one), median(seconds[way].all)];
  return { secondsForOne: rounded(one), secondsForAll: rounded(all), commandsPerSecondOnceStarted: rounded((commands - 1) / (all - one)) };
};

printReport('map', 'flotilla map beside GNU Parallel: start, and commands per second, two at once', {
  commands,
  rounds,
  map: figuresOf('map'),
  parallel: figuresOf('parallel'),
  timesAsFast: rounded(median(seconds.parallel.all.map((time, i) => time / (seconds.map.all[i] ?? Number.NaN)))),
});
