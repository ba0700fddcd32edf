/**
 * All specs, in groups of which some run beside each other. Prints what each group's mocha prints once it has ended, then the slowest files, what
 * failed, and the totals as the last line.
 *
 *   npm test                        # everything
 *   npm test -- spec/one.spec.ts    # what mocha is given
 *
 * Where CI is set, files with failures run once more, by themselves: a machine that others use too starves a process for seconds now and
 * then. What passes only then is told with its first error, and counts as passed.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MOCHA = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
/** One group each, the longest first, so that none begins when the others end. The rest goes by its first two folders. */
const LONGEST = [
  'spec/cluster/',
  'spec/bin/commands/',
  'spec/executors/high-throughput/',
  'spec/providers/',
  'spec/launchers/',
  'spec/docs.spec.ts',
];
/** More than there are CPUs: schedulers and launched processes are waited for most of the time. */
const AT_ONCE = availableParallelism() + 1;
const SLOWEST = 10;

const folder = mkdtempSync(join(tmpdir(), 'flotilla-specs-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
/** Specs start hundreds of processes from source; what Node has compiled for one is kept for the next. */
const environment = { NODE_COMPILE_CACHE: join(folder, 'compiled'), ...process.env };
let reports = 0;

const given = process.argv.slice(2);
// Not process.exit: what a pipe has not taken yet would be lost.
process.exitCode = given.length > 0 ? await runAsGiven(given) : await runEverything();

async function runAsGiven(words) {
  const child = spawn(process.execPath, [MOCHA, ...words], { stdio: 'inherit', env: environment });
  const [code] = await ended(child);
  return code ?? 1;
}

async function runEverything() {
  const groups = await runGroups(groupsOf(globSync('spec/**/*.spec.ts').sort()));
  printSlowest(groups);
  const unsteady = process.env['CI'] ? await runFailedAgain(groups) : [];
  printFailures('Failed, and passed when its file ran again by itself', unsteady);
  printFailures('Failed', failuresOf(groups));
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((key) => groups.reduce((sum, group) => sum + group[key], 0));
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed === 0 ? 0 : 1;
}

function groupsOf(files) {
  const nameOf = (file) => LONGEST.find((start) => file.startsWith(start)) ?? file.split('/').slice(0, 3).join('/');
  const rank = (name) => (LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length);
  const groups = Map.groupBy(files, nameOf);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b)).map(([, members]) => members);
}

async function runGroups(waiting) {
  const done = [];
  const lane = async () => {
    for (let files = waiting.shift(); files !== undefined; files = waiting.shift()) {
      const group = await runGroup(files);
      process.stdout.write(group.output);
      done.push(group);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return done;
}

/** @returns what mocha counted, which failed, and all that was printed. A mocha that never came to its end counts as one failure. */
async function runGroup(files) {
  const report = join(folder, `report-${reports++}.json`);
  const child = spawn(process.execPath, [MOCHA, ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, FLOTILLA_SPEC_REPORT: report },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code, signal] = await ended(child);
  try {
    const counted = JSON.parse(readFileSync(report, 'utf8'));
    // What goes wrong behind the report is in nobody's count.
    if (code === 0 || counted.failed > 0) return { output, ...counted };
    throw new Error('it failed after its report');
  } catch {
    const error = `mocha ended with ${signal ?? code}, not by a failure that it reported; it printed last:\n${output.slice(-2000)}`;
    const failures = files.map((file) => ({ file, title: 'the group of this file', error }));
    return { output, isBroken: true, passed: 0, failed: files.length, skipped: 0, failures, milliseconds: {} };
  }
}

function ended(child) {
  return new Promise((resolve) => child.once('close', (...end) => resolve(end)));
}

/** Changes the groups' counts to what the second run says. @returns the failures that it did not repeat */
async function runFailedAgain(groups) {
  const unsteady = [];
  for (const group of groups.filter(({ failures }) => failures.length > 0)) {
    const files = [...new Set(group.failures.map(({ file }) => file))];
    console.log(`\nonce more, for what failed in them: ${files.join(' ')}`);
    const again = await runGroup(files);
    process.stdout.write(again.output);
    unsteady.push(...group.failures.filter(({ title }) => !again.failures.some((failure) => failure.title === title)));
    const mended = group.failures.length - again.failures.length;
    if (group.isBroken) Object.assign(group, again);
    else Object.assign(group, { passed: group.passed + mended, failed: group.failed - mended, failures: again.failures });
  }
  return unsteady;
}

function failuresOf(groups) {
  return groups.flatMap(({ failures }) => failures);
}

function printSlowest(groups) {
  const files = groups.flatMap(({ milliseconds }) => Object.entries(milliseconds)).sort(([, a], [, b]) => b - a);
  console.log('\nSlowest files:');
  for (const [file, ms] of files.slice(0, SLOWEST)) console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`);
}

function printFailures(heading, failures) {
  if (failures.length > 0) console.log(`\n${heading}:`);
  for (const { file, title, error } of failures) console.log(`\n  ${file}\n  ${title}\n    ${error.replaceAll('\n', '\n    ')}`);
}
