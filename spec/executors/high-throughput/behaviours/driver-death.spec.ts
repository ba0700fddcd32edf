/** Behaviour 60: the driver is killed, alone or with its interchange. One that is merely busy: spec/chaos/processes.spec.ts. */
import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventually } from '../../../support/eventually.ts';
import { childrenOf, commandLineOf, gone, linesOf, processesWith, QUICK } from '../../../support/high-throughput.ts';
import { processesOf } from '../../../support/leftovers.ts';

const INDEX = pathToFileURL(join(import.meta.dirname, '../../../../index.ts')).href;
const THRESHOLD_MS = QUICK.heartbeatThreshold * 1000;
/** For a busy machine to notice, end and be looked at. */
const MARGIN_MS = 3000;

/** Two tasks that outlive everybody, one with a child that leaves its session; and one that ends after a while. */
const scriptText = (folder: string, options: object): string => `
import { bashApp, Config, HighThroughputExecutor, jsApp, load, sh } from '${INDEX}';
const executor = new HighThroughputExecutor(${JSON.stringify({ coresPerWorker: 0.5, maxWorkersPerNode: 3, ...QUICK, ...options })});
const kernel = await load(new Config({ runDir: '${folder}/runinfo', executors: [executor] }));
const spin = jsApp(async (diary) => {
  const { appendFileSync } = await import('node:fs');
  appendFileSync(diary, 'spins\\n');
  for (;;);
});
const family = bashApp((diary) => sh\`setsid sleep 300 & echo sleeps >> \${diary}; sleep 300\`);
const slow = jsApp(async (diary) => {
  const { appendFileSync } = await import('node:fs');
  appendFileSync(diary, 'waits\\n');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  appendFileSync(diary, 'waited\\n');
});
console.log(kernel.runId);
await Promise.all([spin('${folder}/diary'), family('${folder}/diary'), slow('${folder}/diary')]);
`;

interface Driver {
  readonly folder: string;
  readonly child: ChildProcess;
  readonly runId: string;
  readonly interchange: number;
  /** Of its manager, in memory. */
  readonly scratchDir: string;
}

async function startDriver(options: object = {}): Promise<Driver> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-driver-'));
  await writeFile(join(folder, 'driver.mts'), scriptText(folder, options));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'driver.mts')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: folder,
  });
  let stdout = '';
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  const runId = await eventually('the id of the run', () => stdout.includes('\n') && stdout.trim());
  await eventually('its tasks at work', () => linesOf(join(folder, 'diary')).length >= 3);
  const [interchange = 0] = childrenOf(child.pid ?? 0, 'interchange-entry');
  const [reaper = 0] = processesWith((commandLine) => commandLine.includes('reaper.sh') && commandLine.includes(runId));
  return { folder, child, runId, interchange, scratchDir: commandLineOf(reaper).trim().split(' ').at(-1) ?? '' };
}

async function expectNothingOf({ runId, interchange, scratchDir, child }: Driver, limitMs: number): Promise<void> {
  let left: string[] = [];
  await eventually('the end of all of the run', () => (left = processesOf(runId)).length === 0, limitMs).catch((error: Error) => {
    throw new Error(`${error.message}:\n${left.join('\n')}`);
  });
  await gone('interchange and driver', [interchange, child.pid ?? 0], 1000);
  expect(scratchDir).to.match(/flotilla-/);
  await eventually('the scratch folder to be removed', () => !existsSync(scratchDir), 1000);
}

describe('a driver that is killed', () => {
  let driver: Driver | undefined;
  afterEach(async () => {
    if (driver === undefined) return;
    await rm(driver.folder, { recursive: true, force: true });
    driver = undefined;
  });

  it('takes interchange, managers, workers and what they started with it', async () => {
    driver = await startDriver();
    driver.child.kill('SIGKILL');
    await expectNothingOf(driver, THRESHOLD_MS + MARGIN_MS);
    expect(linesOf(join(driver.folder, 'diary'))).not.to.include('waited');
  });

  it('with its interchange: managers leave by themselves within the threshold', async () => {
    driver = await startDriver();
    driver.child.kill('SIGKILL');
    process.kill(driver.interchange, 'SIGKILL');
    await expectNothingOf(driver, THRESHOLD_MS + MARGIN_MS);
  });

  it('leaves its tasks for as long as orphanGrace says', async () => {
    driver = await startDriver({ orphanGrace: '3s' });
    const { folder } = driver;
    expect(linesOf(join(folder, 'diary'))).not.to.include('waited');
    driver.child.kill('SIGKILL');
    await eventually('the task to end after its driver', () => linesOf(join(folder, 'diary')).includes('waited'), 3000);
    await expectNothingOf(driver, 3000 + MARGIN_MS);
  });
});
