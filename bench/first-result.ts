/**
 * How long from the start of a process until its first result? Fresh processes, from the build and from source, taking turns.
 *
 *   npx node bench/first-result.ts [processes of each kind]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countArgument, printReport } from './measure/report.ts';
import { median, rounded } from './measure/statistics.ts';
import { WORKERS } from './measure/two-workers.ts';

const processes = countArgument(0, 10);
const root = new URL('../', import.meta.url);
const isBuilt = existsSync(new URL('dist/index.js', root));

const script = (library: string): string => `
import { HighThroughputExecutor, jsApp, load } from ${JSON.stringify(new URL(library, root).href)};
const config = { executors: [new HighThroughputExecutor({ label: 'htex', maxWorkersPerNode: ${WORKERS}, coresPerWorker: 0.5 })] };
await using kernel = await load(config);
const first: number = await jsApp((x: number) => x + 1)(41);
console.log(first);
`;

/** Milliseconds from starting the process until it prints. */
async function timeProcess(args: readonly string[], cwd: string, expected: string): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, FLOTILLA_CONFIG: '' } });
  const exited = once(child, 'exit');
  const [said] = await Promise.race([once(child.stdout, 'data'), exited.then(() => [''])]);
  const elapsed = performance.now() - begin;
  await exited;
  if (String(said).trim() !== expected) throw new Error(`${args.join(' ')} printed ${JSON.stringify(String(said))}, not ${expected}`);
  return elapsed;
}

const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));
writeFileSync(join(folder, 'bare.ts'), 'console.log(42);');
writeFileSync(join(folder, 'source.ts'), script('index.ts'));
writeFileSync(join(folder, 'built.ts'), script('dist/index.js'));
const kinds: Readonly<Record<string, readonly string[]>> = {
  bareNode: ['bare.ts'],
  source: ['source.ts'],
  ...(isBuilt ? { built: ['built.ts'], flotillaRun: [fileURLToPath(new URL('dist/bin/flotilla.js', root)), 'run', 'built.ts'] } : {}),
};

const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
try {
  // Once more than is counted: the first of each kind reads its files from the disk.
  for (let i = 0; i <= processes; i++) {
    for (const [kind, args] of Object.entries(kinds)) {
      const elapsed = await timeProcess(args, folder, '42');
      if (i > 0) times[kind]?.push(elapsed);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

printReport('first-result', 'milliseconds from the start of a process to its first result, median', {
  processes,
  ...Object.fromEntries(Object.entries(times).map(([kind, all]) => [`${kind}Milliseconds`, rounded(median(all))])),
  ...(isBuilt ? {} : { note: 'dist/ is not built: only the source was measured' }),
});
