import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { bashApp, MpiExecLauncher, PBSProProvider, type PBSProProviderOptions, SimpleLauncher } from '../../../index.ts';
import { eventually } from '../../support/eventually.ts';
import { QUICK, TestRun } from '../../support/high-throughput.ts';
import { emulatePals } from '../../support/launch/stand-ins.ts';
import { processesOf } from '../../support/leftovers.ts';
import { startPbsOnPath } from '../../support/pbs/on-path.ts';

const DRIVER = fileURLToPath(new URL('../../fixtures/pbs-driver.ts', import.meta.url));
const LIMIT_MS = 60_000;

describe('HighThroughputExecutor on a cluster of PBS Pro', function () {
  this.timeout(180_000);
  let pbs: Awaited<ReturnType<typeof startPbsOnPath>>;
  beforeEach(
    async () =>
      (pbs = await startPbsOnPath({
        killDelayMs: 3000,
        nodeFailRequeueMs: 3000,
        queues: { workq: {}, debug: {} },
        customResources: ['filesystems'],
      })),
  );
  afterEach(() => pbs.end());

  const openRun = (provider: PBSProProviderOptions): Promise<TestRun> =>
    TestRun.open({ executor: { maxWorkersPerNode: 1, provider: new PBSProProvider({ statusPollPeriod: '500ms', ...provider }) } });

  const where = bashApp(
    (go: string, mark: string) =>
      `touch ${mark}; until [ -e ${go} ]; do sleep 0.05; done; echo $PBS_JOBID $(cat $PBS_NODEFILE) $FLOTILLA_MANAGER_ID`,
    { returns: 'stdout' },
  );

  /** As many tasks as there are managers, held until each manager has one. */
  async function askEveryManager(run: TestRun, count: number): Promise<string[][]> {
    await run.logged(/ registered with /, count, LIMIT_MS);
    const marks = Array.from({ length: count }, (_, index) => run.path(`mark-${index}`));
    const tasks = marks.map((mark) => where(run.path('go'), mark));
    await eventually('every task runs', () => marks.every((mark) => existsSync(mark)), LIMIT_MS);
    writeFileSync(run.path('go'), '');
    return (await Promise.all(tasks)).map((text) => text.trim().split(' '));
  }

  const unfinished = (): string[] => pbs.server.unfinished.map(({ id }) => id);

  it('says hello from two nodes, a job on each, and leaves no job behind', async () => {
    {
      await using run = await openRun({ launcher: new SimpleLauncher(), cpusPerNode: 2, initBlocks: 2, maxBlocks: 2 });
      const answers = await askEveryManager(run, 2);
      expect(answers.map(([job, node]) => `${job} ${node}`).toSorted()).to.deep.equal(['0.ctl n1', '1.ctl n2']);
      expect(unfinished()).to.deep.equal(['0.ctl', '1.ctl']);
    }
    expect(unfinished()).to.deep.equal([]);
  });

  it('says hello from the two nodes of one job, configured as on Polaris, line by line', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'flotilla-pals-'));
    await emulatePals(tools, []);
    try {
      await using run = await openRun({
        account: 'datascience',
        queue: 'debug',
        walltime: '0:10:00',
        schedulerOptions: '#PBS -l filesystems=home:eagle',
        workerInit: `export PATH='${tools}/bin':"$PATH"`,
        selectOptions: 'ngpus=4',
        nodesPerBlock: 2,
        cpusPerNode: 2,
        launcher: new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides: '--depth=64 --ppn 1' }),
      });
      const answers = await askEveryManager(run, 2);
      expect(answers.map(([job, ...nodes]) => [job, ...nodes.slice(0, 2)])).to.deep.equal([
        ['0.ctl', 'n1', 'n2'],
        ['0.ctl', 'n1', 'n2'],
      ]);
      expect(new Set(answers.map((answer) => answer.at(-1))).size).to.equal(2);
      expect(pbs.server.jobs.get('0.ctl')).to.deep.include({ account: 'datascience', queue: 'debug', place: 'scatter' });
    } finally {
      rmSync(tools, { recursive: true });
    }
    expect(unfinished()).to.deep.equal([]);
  });

  it('survives the loss of a node: its task runs on another, once, and the requeued job serves again under its id', async () => {
    await using run = await TestRun.open({
      executor: {
        ...QUICK,
        maxWorkersPerNode: 1,
        provider: new PBSProProvider({
          statusPollPeriod: '500ms',
          launcher: new SimpleLauncher(),
          cpusPerNode: 2,
          initBlocks: 2,
          maxBlocks: 2,
        }),
      },
    });
    await run.logged(/ registered with /, 2, LIMIT_MS);
    const marks = ['mark-0', 'mark-1'].map((name) => run.path(name));
    const tasks = marks.map((mark) => where(run.path('go'), mark));
    await eventually('every task runs', () => marks.every((mark) => existsSync(mark)), LIMIT_MS);
    pbs.server.cutPower('n1');
    await run.logged(/ was lost with 1 task/, 1, LIMIT_MS);
    writeFileSync(run.path('go'), '');
    expect((await Promise.all(tasks)).map((text) => text.trim().split(' ').slice(0, 2).join(' '))).to.deep.equal(['1.ctl n2', '1.ctl n2']);
    await run.logged(/ is pending: it ran and waits to run again/, 1, LIMIT_MS);
    pbs.server.restorePower('n1');
    await run.logged(/ registered with /, 3, LIMIT_MS);
    expect(pbs.server.jobs.get('0.ctl')).to.include({ state: 'R', runCount: 2 });
  });

  it("ends a script's task with the reason when its job cannot start", async () => {
    await using _run = await openRun({ queue: 'nosuchq' });
    const error: unknown = await where('/', '/dev/null').exception();
    expect(error).to.have.property('name', 'ExecutorFailed');
    expect(String(error)).to.include('qsub: Unknown queue (exit code 170)');
  });

  it('reaps at the next start what a killed driver has left, by its run tag', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-pbs-driver-'));
    const first = startDriver(folder, 'stay');
    try {
      await first.said('working');
      first.child.kill('SIGSTOP'); // It must not hear that its job ends.
      const [job] = pbs.server.unfinished;
      if (job === undefined) throw new Error('there is no job');
      expect(job.name).to.match(/^flotilla\..+\.htex-0$/);
      // A second job of the run, which the killed one can neither start nor end: it waits for a node.
      pbs.server.isScheduling = false;
      pbs.execute({ program: 'qsub', argv: ['-N', job.name.replace(/0$/, '1'), '-'], cwd: folder, env: {}, stdin: 'sleep 300' });
      pbs.execute({ program: 'qsub', argv: ['-N', 'flotilla.other-run.htex-0', '-'], cwd: folder, env: {}, stdin: 'sleep 300' });
      first.child.kill('SIGKILL');
      await first.end;
      await eventually('its managers leave', () => processesOf(first.runId()).length === 0, LIMIT_MS);
      pbs.server.isScheduling = true;
      const second = startDriver(folder, 'go');
      expect(await second.end, second.output()).to.deep.equal([0, null]);
      expect(second.output()).to.include('hello from 3.ctl');
      await eventually('the left job is gone', () => unfinished().join() === '2.ctl', LIMIT_MS);
    } finally {
      first.child.kill('SIGKILL');
      await first.end;
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  });

  function startDriver(cwd: string, scenario: string) {
    const argv = ['--disable-warning=ExperimentalWarning', DRIVER, scenario];
    const child = spawn(process.execPath, argv, { cwd, env: { ...process.env, FLOTILLA_CONFIG: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return {
      child,
      end: once(child, 'close'),
      output: () => text,
      runId: () => /^run (\S+)$/m.exec(text)?.[1] ?? 'no run',
      said: (words: string) =>
        eventually(`the driver says ${words}`, () => text.includes(words), LIMIT_MS).catch((error: Error) => {
          throw new Error(`${error.message}; it said\n${text}`);
        }),
    };
  }
});
