/**
 * All specs, in two lanes at once: those that wait for schedulers and for launched processes most of the time, and the rest. Prints what
 * each lane's mocha prints, one after the other, and the totals of both as the last line.
 *
 *   npm test                        # everything
 *   npm test -- spec/one.spec.ts    # what mocha is given
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MOCHA = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
/** Their processes sleep, or are other machines as far as this one's CPUs are concerned. */
const WAITING = /^spec\/(chaos|cluster|launchers|providers|bench|examples|executors\/high-throughput\/remote)\//;

const given = process.argv.slice(2);
if (given.length > 0) process.exitCode = (await run(given, { isShown: true })).code;
else await runBothLanes();

async function runBothLanes() {
  const files = globSync('spec/**/*.spec.ts').sort();
  const lanes = await Promise.all([
    run(
      files.filter((file) => !WAITING.test(file)),
      { isShown: true },
    ),
    run(
      files.filter((file) => WAITING.test(file)),
      { isShown: false },
    ),
  ]);
  process.stdout.write(lanes[1].output);
  const totals = lanes.map(({ output }) => totalsOf(output));
  const [passed, failed, skipped] = [0, 1, 2].map((index) => totals.reduce((sum, lane) => sum + lane[index], 0));
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  // Not process.exit: what a pipe has not taken yet would be lost.
  process.exitCode = Math.max(...lanes.map(({ code }) => code));
}

/** @returns everything that it printed, and its exit code. */
async function run(args, { isShown }) {
  const child = spawn(process.execPath, [MOCHA, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (isShown) process.stdout.write(text);
    });
  }
  const [exitCode, signal] = await new Promise((resolve) => child.once('close', (...end) => resolve(end)));
  if (signal !== null) output += `\nmocha was ended by ${signal}\n`;
  return { output, code: exitCode ?? 1 };
}

/** What the reporter's last line says. A lane without one never came to its end. */
function totalsOf(output) {
  const found = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(output.slice(output.lastIndexOf(' passed, ') - 12));
  return found ? [1, 2, 3].map((group) => Number(found[group] ?? 0)) : [0, 1, 0];
}
