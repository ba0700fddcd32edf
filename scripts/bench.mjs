/**
 * Runs the benches, one after the other: `npm run bench`, or some of them: `npm run bench -- interchange`.
 * Each is a file in bench/ that answers one question and prints JSON.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../bench/', import.meta.url));
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'all.ts') // which runs them all for one JSON
  .map((file) => file.slice(0, -'.ts'.length));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known;

const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}
for (const name of wanted) {
  console.error(`# ${name}`);
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', `${folder}${name}.ts`], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
