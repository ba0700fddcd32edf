/**
 * Limits of the machine: descriptors, processes, the disk under the run directory. Nothing hangs, nothing is lost without a word.
 */
import { expect } from 'chai';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jsApp, pythonApp } from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { QUICK, TestRun } from '../support/high-throughput.ts';
import { PidsLimit } from '../support/pids-limit.ts';
import { expectPromisesKept } from './oracle.ts';

const SCRIPT = fileURLToPath(new URL('./limited.fixture.ts', import.meta.url));
const run = promisify(execFile);

/** What a script says under `ulimit -n` of this many files. */
async function underLimit(openFiles: number): Promise<{ stdout: string; stderr: string; code: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-limits-'));
  const script = `ulimit -n ${openFiles}; exec "$0" --disable-warning=ExperimentalWarning "$1" 12`;
  try {
    return await run('bash', ['-c', script, process.execPath, SCRIPT], { cwd: folder, timeout: 60_000 }).then(
      (said) => ({ ...said, code: 0 }),
      (error: { stdout: string; stderr: string; code: number | null }) => ({ ...error, code: error.code ?? -1 }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('a limit of open files', function () {
  this.timeout(90_000);

  it('that is too low for anything is an error at once, with the figures and the remedy', async () => {
    const { stderr, code } = await underLimit(32);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /executor 'htex' failed: the limit of open files is 32, and at least 48 are needed; raise it \(ulimit -n 4096\)/,
    );
  });

  it('that is too low for a manager and its workers fails the tasks with the words of the manager', async () => {
    const { stdout } = await underLimit(50);
    const outcomes = JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]') as string[];
    expect(outcomes).to.have.length(12);
    for (const outcome of outcomes) expect(outcome).to.match(/the limit of open files is 50, and at least 52 are needed/);
  });

  it('that is just enough is enough', async () => {
    const { stdout } = await underLimit(64);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]')).to.deep.equal(Array.from({ length: 12 }, () => 'ok'));
  });
});

describe('a limit of processes that is reached', function () {
  this.timeout(60_000);
  let limit: PidsLimit | undefined;

  before(function () {
    limit = PidsLimit.make(`flotilla-spec-${process.pid}`);
    if (limit) return;
    console.log('      skipped: control groups are made by root only, where the machine allows it');
    this.skip();
  });
  after(() => limit?.remove());

  it('loses no task: a worker is started as soon as there is room', async () => {
    await using test = await TestRun.open({ executor: QUICK });
    const [manager = 0] = await test.managers(1);
    await jsApp(() => 0)();
    limit?.add(manager);
    limit?.allowNoMore();
    const next = pythonApp<[number], number>('def f(x):\n    return x + 1');
    const waiting = next(1);
    await eventually('a start that fails', () => (limit?.refusals ?? 0) > 0);
    expect(waiting.done).to.equal(false);
    limit?.lift();
    expect(await waiting).to.equal(2);
    const { runDir } = test.kernel;
    await test.kernel.close();
    await expectPromisesKept(runDir);
  });
});

describe('a disk that is full under the run directory', function () {
  this.timeout(60_000);
  let disk: string;

  before(function () {
    disk = mkdtempSync(join(tmpdir(), 'flotilla-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      rmSync(disk, { recursive: true, force: true });
      console.log('      skipped: file systems are mounted by root only');
      this.skip();
    }
  });
  after(() => {
    if (process.getuid?.() !== 0) return;
    execFileSync('umount', ['-l', disk], { stdio: 'ignore' });
    rmSync(disk, { recursive: true, force: true });
  });

  it('lets nothing begin, says so, lets finish what runs, and goes on when there is room', async () => {
    await using test = await TestRun.open({ config: { runDir: join(disk, 'runinfo') } });
    const hold = jsApp(async (mark: string, go: string) => {
      const { existsSync, writeFileSync } = await import('node:fs');
      writeFileSync(mark, '');
      while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
      return 'x'.repeat(600_000).length;
    });
    const running = [0, 1].map((number) => hold(test.path(`mark-${number}`), test.path('go')));
    await eventually('both to run', () => [0, 1].every((number) => existsSync(test.path(`mark-${number}`))));
    writeFileSync(join(disk, 'filler'), Buffer.alloc(18 << 20));
    await test.logged(/only [\d.]+ MiB are free under the run directory/);
    const waiting = Array.from({ length: 20 }, () => hold(test.path('late'), test.path('go')));
    writeFileSync(test.path('go'), '');
    expect(await Promise.all(running)).to.deep.equal([600_000, 600_000]);
    expect(test.kernel.explain(waiting[0]?.taskId ?? 0)).to.match(/nothing is begun, only [\d.]+ MiB are free/);
    expect(waiting.some(({ done }) => done)).to.equal(false);
    rmSync(join(disk, 'filler'));
    await test.logged(/there is room again/);
    await Promise.all(waiting);
    const { runDir } = test.kernel;
    await test.kernel.close();
    await expectPromisesKept(runDir);
  });

  it('to the last byte costs no result that fits into a message', async () => {
    await using _test = await TestRun.open({ config: { runDir: join(disk, 'runinfo') } });
    const large = jsApp((text: string) => text + text);
    await large('a');
    fill(disk);
    try {
      expect((await large('b'.repeat(300_000)).result()).length).to.equal(600_000);
    } finally {
      rmSync(join(disk, 'filler'), { force: true });
    }
  });
});

function fill(disk: string): void {
  for (const size of [1 << 20, 1 << 12]) {
    try {
      for (;;) writeFileSync(join(disk, 'filler'), Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Full.
    }
  }
}
