/**
 * The driver is killed at each step of a run, with real processes: without `orphanGrace` nothing is left of it soon after; with it another driver
 * goes on, and every task has its outcome. Moments in between, at random: spec/bin/commands/durable.faults.spec.ts.
 */
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { makeScriptFolder, packageUrl, type ScriptFolder, type StartedRun } from '../support/flotilla-run.ts';
import { linesOf } from '../support/high-throughput.ts';
import { processesOf } from '../support/leftovers.ts';

const TASKS = 24;
/** Each leaves a line when it begins, and the script one when it closes. */
const SCRIPT = `
import { jsApp, load } from '${packageUrl}';
const kernel = await load();
const app = jsApp(async (i: number) => {
  const { appendFileSync } = await import('node:fs');
  appendFileSync('ran', i + '\\n');
  await new Promise((resolve) => setTimeout(resolve, 50));
  return i;
});
const values = await Promise.all(Array.from({ length: ${TASKS} }, (_, i) => app(i)));
console.log('sum ' + values.reduce((a, b) => a + b, 0));
console.log('closing');
await kernel.close();
`;
const ARGS = ['run', 'a.ts', '-c', 'local', '--set', 'executors.0.maxWorkersPerNode=2', '--set', 'executors.0.coresPerWorker=0.5'];
const QUICK = ['--set', 'executors.0.heartbeatPeriod=0.2', '--set', 'executors.0.heartbeatThreshold=1.2'];
/** A manager that has not been told where its interchange is waits for half a minute. */
const GONE_MS = 45_000;

describe('a driver that is killed', function () {
  this.timeout(120_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', SCRIPT);
  });
  afterEach(async () => {
    try {
      await eventually('every process of the run to end', () => processesOf(folder.path).length === 0, GONE_MS);
    } finally {
      for (const left of processesOf(folder.path)) process.kill(Number.parseInt(left, 10), 'SIGKILL');
      await folder.remove();
    }
  });

  const start = (...args: string[]): StartedRun => folder.start([...ARGS, ...QUICK, ...args], { FLOTILLA_SPEC_FOLDER: folder.path });
  const isThere = (name: string): boolean => processesOf(folder.path).some((line) => line.includes(name));
  const ran = (): number => linesOf(`${folder.path}/ran`).length;

  const steps: [step: string, isReached: (run: { stdout: string }) => boolean][] = [
    ['as soon as there is an interchange', () => isThere('interchange-entry')],
    ['as soon as a block has been submitted', () => isThere('.sh')],
    ['as soon as there is a manager', () => isThere('manager-entry')],
    ['as soon as there is a worker', () => isThere('process-entry')],
    ['with the first task', () => ran() > 0],
    ['in the middle', () => ran() > TASKS / 2],
    ['with the last task', () => ran() >= TASKS],
    ['while it closes', ({ stdout }) => stdout.includes('closing')],
  ];

  async function killAt(isReached: (run: { stdout: string }) => boolean, ...args: string[]): Promise<void> {
    const run = start(...args);
    const said = { stdout: '' };
    run.child.stdout?.on('data', (text: string) => (said.stdout += text));
    while (!isReached(said) && run.child.exitCode === null) await pause(2);
    run.child.kill('SIGKILL');
    await run.result;
  }

  for (const [step, isReached] of steps) {
    it(`${step}, leaves nothing`, async () => {
      await killAt(isReached);
      await eventually('the end of all of it', () => processesOf(folder.path).length === 0, GONE_MS);
    });

    it(`${step}, with orphanGrace, is followed by one that ends every task, and none runs twice`, async () => {
      await killAt(isReached, '--set', 'orphanGrace=1m');
      const { stdout, stderr, code } = await start('--set', 'orphanGrace=1m', '--resume').result;
      expect([code, stdout], stderr).to.deep.equal([0, `sum ${(TASKS * (TASKS - 1)) / 2}\nclosing\n`]);
      const lines = linesOf(`${folder.path}/ran`);
      expect(lines.length - new Set(lines).size, `tasks that ran twice; ${stderr}`).to.equal(0);
    });
  }
});
