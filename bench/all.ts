/**
 * Runs every bench that takes less than a minute or so, one after the other, and prints what they found as one JSON.
 *
 *   npx node bench/all.ts > figures.json
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';

/** Minutes each; run them by themselves. */
const LONG: readonly string[] = ['scale', 'peers'];

const folder = fileURLToPath(new URL('./', import.meta.url));
const benches = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'all.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((bench) => !LONG.includes(bench))
  .sort();

const reports: Record<string, unknown> = {};
for (const bench of benches) {
  process.stderr.write(`# ${bench}\n`);
  reports[bench] = await run(bench);
}
console.log(JSON.stringify(reports, null, 2));

/** @returns what it printed, or how it failed: the others are worth having all the same. */
async function run(bench: string): Promise<unknown> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', `${folder}${bench}.ts`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code === 0) return JSON.parse(printed);
  process.exitCode = 1;
  return { failed: `exit code ${code}` };
}
