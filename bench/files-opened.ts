/**
 * How many files does it take to start a manager and a worker? On a shared disk each costs a question to its server, from every node.
 * From the build, where each is one file, and from source, where it is its modules; with the time from a worker's start to its hello.
 *
 *   npx node bench/files-opened.ts [workers started for the time]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { type TracedProcess, traceFiles } from './measure/trace-files.ts';

const starts = countArgument(0, 20);
const root = fileURLToPath(new URL('../', import.meta.url));
const ENTRIES = {
  interchange: 'executors/high-throughput/interchange/interchange-entry',
  manager: 'executors/high-throughput/manager/manager-entry',
  worker: 'executors/workers/js/process-entry',
} as const;
const KINDS = {
  source: { folder: root, ending: '.ts' },
  ...(existsSync(join(root, 'dist/index.js')) ? { built: { folder: join(root, 'dist/'), ending: '.js' } } : {}),
} as const;

const script = (library: string): string => `
import { HighThroughputExecutor, jsApp, load } from ${JSON.stringify(library)};
await using kernel = await load({ executors: [new HighThroughputExecutor({ label: 'htex', maxWorkersPerNode: 1 })] });
await jsApp((x: number) => x + 1)(41);
`;

/** Node's own binary apart, and what Linux reads for every program. */
const isInstalled = (path: string): boolean => path.startsWith(root) && !path.endsWith('/bin/node');

function countFiles({ opened, looked }: TracedProcess): { files: number; questions: number } {
  return { files: opened.filter(isInstalled).length, questions: looked.filter(isInstalled).length };
}

/** `workerFiles`, `workerQuestions`, … */
async function countOf(folder: string, ending: string, work: string): Promise<Record<string, number>> {
  const path = join(work, 'script.ts');
  writeFileSync(path, script(`${folder}index${ending}`));
  const traced = await traceFiles([process.execPath, '--disable-warning=ExperimentalWarning', path], work);
  const find = (part: string): TracedProcess => {
    const found = traced.find(({ command }) => command.includes(part));
    if (found === undefined) throw new Error(`no process was started as ${part}`);
    return found;
  };
  const named = Object.entries({ driver: path, ...ENTRIES });
  const counts = named.map(([name, part]) => [name, countFiles(find(part))] as const);
  return Object.fromEntries(
    counts.flatMap(([name, { files, questions }]) => [
      [`${name}Files`, files],
      [`${name}Questions`, questions],
    ]),
  );
}

/** Milliseconds until a worker says hello. */
async function timeHello(folder: string, ending: string): Promise<number> {
  const begin = performance.now();
  const argv = ['--disable-warning=ExperimentalWarning', `${folder}${ENTRIES.worker}${ending}`];
  const child: ChildProcess = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const exited = once(child, 'exit');
  const hello = child.stdio[3];
  if (!hello) throw new Error('the worker has no descriptor 3');
  await once(hello, 'data');
  const elapsed = performance.now() - begin;
  hello.destroy();
  child.kill();
  await exited;
  return elapsed;
}

const work = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));
const figures: Record<string, unknown> = {};
try {
  for (const [kind, { folder, ending }] of Object.entries(KINDS)) {
    for (const [name, count] of Object.entries(await countOf(folder, ending, work)))
      figures[kind + name[0]?.toUpperCase() + name.slice(1)] = count;
  }
  const times = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, [] as number[]]));
  // Taking turns; the first of each kind reads its files from the disk and is not counted.
  for (let i = 0; i <= starts; i++) {
    for (const [kind, { folder, ending }] of Object.entries(KINDS)) {
      const elapsed = await timeHello(folder, ending);
      if (i > 0) times[kind]?.push(elapsed);
    }
  }
  for (const [kind, all] of Object.entries(times)) figures[`${kind}HelloMilliseconds`] = rounded(median(all));
} finally {
  rmSync(work, { recursive: true, force: true });
}
printReport(
  'files-opened',
  'How many installed files does it take to start a manager and a worker, and how long until a worker says hello?',
  figures,
);
