/** Behaviour 43: a worker's death is told at once and exactly, costs only the task that ran, and the pool goes on. */
import { expect } from 'chai';
import { appendFileSync } from 'node:fs';
import { type AppFuture, jsApp, PoisonTaskError, pythonApp, WorkerLost } from '../../../../index.ts';
import { eventually } from '../../../support/eventually.ts';
import { TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const AT_ONCE_MS = 1000;

const exits = jsApp(
  async (diary: string, code: number) => {
    const { appendFileSync } = await import('node:fs');
    appendFileSync(diary, `${Date.now()}\n`);
    process.stderr.write('last words\n');
    process.exit(code);
  },
  { onLost: 'fail' },
);

const killsItself = jsApp(
  async (diary: string, signal: string) => {
    const { appendFileSync } = await import('node:fs');
    appendFileSync(diary, `${Date.now()}\n`);
    process.kill(process.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  { onLost: 'fail' },
);

const python = (body: string) =>
  pythonApp<[string], null>(
    `
def die(diary):
    import ctypes, os, signal, sys, time
    with open(diary, 'a') as f:
        f.write(f'{int(time.time() * 1000)}\\n')
    sys.stderr.write('last words\\n'); sys.stderr.flush()
    ${body}
`,
    { onLost: 'fail' },
  );
const pythonExits = python('os._exit(3)');
const pythonSegfaults = python('ctypes.string_at(0)');
const pythonKilled = python('os.kill(os.getpid(), signal.SIGKILL)');

describe("a worker's death", () => {
  let run: TestRun;
  before(async () => {
    run = await TestRun.open();
  });
  after(() => run[Symbol.asyncDispose]());

  const rows: { title: string; die: (diary: string) => AppFuture<unknown>; end: { exitCode: number | null; signal: string | null } }[] = [
    { title: 'process.exit(7) in JavaScript', die: (diary) => exits(diary, 7), end: { exitCode: 7, signal: null } },
    { title: 'SIGKILL of a JavaScript worker', die: (diary) => killsItself(diary, 'SIGKILL'), end: { exitCode: null, signal: 'SIGKILL' } },
    { title: 'SIGSEGV of a JavaScript worker', die: (diary) => killsItself(diary, 'SIGSEGV'), end: { exitCode: null, signal: 'SIGSEGV' } },
    { title: 'os._exit(3) in Python', die: (diary) => pythonExits(diary), end: { exitCode: 3, signal: null } },
    { title: 'a segmentation fault in Python', die: (diary) => pythonSegfaults(diary), end: { exitCode: null, signal: 'SIGSEGV' } },
    { title: 'SIGKILL of a Python worker', die: (diary) => pythonKilled(diary), end: { exitCode: null, signal: 'SIGKILL' } },
  ];
  for (const [index, { title, die, end }] of rows.entries()) {
    it(`is reported within a second, three times in a row: ${title}`, async () => {
      const diary = run.path(`deaths-${index}`);
      for (let death = 1; death <= 3; death++) {
        const error = await failureOf<WorkerLost>(die(diary));
        const toldMs = Date.now();
        expect(error).to.be.instanceOf(WorkerLost);
        expect(error).to.include(end);
        expect(run.lines(`deaths-${index}`)).to.have.length(death);
        expect(toldMs - Number(run.lines(`deaths-${index}`).at(-1))).to.be.below(AT_ONCE_MS);
      }
    });
  }

  it('comes with host, worker and the end of its stderr', async () => {
    const error = await failureOf<WorkerLost>(pythonExits(run.path('words')));
    expect(error.stderrTail).to.equal('last words\n');
    expect(error.host).not.to.equal('');
    expect(error.worker).to.match(/^block 0, .*\/[01]$/);
    expect(error.message).to.contain('last words');
  });

  it('is reported when it was killed from outside, and costs no retry of the app', async () => {
    const survives = jsApp(async (diary: string) => {
      const { appendFileSync, readFileSync } = await import('node:fs');
      appendFileSync(diary, `${process.pid}\n`);
      if (readFileSync(diary, 'utf8').trim().split('\n').length > 1) return 'second';
      return new Promise<string>((resolve) => setTimeout(() => resolve('first'), 60_000));
    });
    const future = survives(run.path('victim'));
    const [pid] = await eventually('the start of the victim', () => (run.lines('victim').length === 1 ? run.lines('victim') : undefined));
    process.kill(Number(pid), 'SIGKILL');
    expect(await future).to.equal('second');
    expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['lost', 'done']);
  });

  it('three times under one task stops that task, with the evidence', async () => {
    const poison = jsApp(() => process.exit(9));
    const error = await failureOf<PoisonTaskError>(poison());
    expect(error).to.be.instanceOf(PoisonTaskError);
    expect(error.losses).to.have.length(3);
    for (const loss of error.losses) expect(loss).to.include({ name: 'WorkerLost', exitCode: 9 });
  });

  it('leaves a pool with all its workers', async () => {
    const meet = jsApp(async (folder: string) => {
      const { appendFileSync, readFileSync } = await import('node:fs');
      appendFileSync(`${folder}/meeting`, `${process.env.FLOTILLA_WORKER_RANK}\n`);
      while (new Set(readFileSync(`${folder}/meeting`, 'utf8').trim().split('\n')).size < 2)
        await new Promise((resolve) => setTimeout(resolve, 5));
      return process.env.FLOTILLA_WORKER_RANK;
    });
    expect((await Promise.all([meet(run.dir), meet(run.dir)])).sort()).to.deep.equal(['0', '1']);
  });
});

describe('the neighbours of a task that ends its worker', () => {
  const COUNT = 600;
  const KILLER = 300;
  const writeDown = async (diary: string, number: number, isKiller: boolean) => {
    const { appendFileSync, readFileSync } = await import('node:fs');
    appendFileSync(diary, `${number}\n`);
    if (
      isKiller &&
      readFileSync(diary, 'utf8')
        .split('\n')
        .filter((line) => line === String(number)).length === 1
    )
      process.exit(5);
    return number;
  };
  const note = jsApp(writeDown);
  const notePython = pythonApp<[string, number, boolean], number>(`
def note(diary, number, is_killer):
    import os
    with open(diary, 'a') as f:
        f.write(f'{number}\\n')
    if is_killer and open(diary).read().split('\\n').count(str(number)) == 1:
        os._exit(5)
    return number
`);

  for (const [language, app] of [
    ['JavaScript', note],
    ['Python', notePython],
  ] as const) {
    it(`in the same batch are neither lost nor run twice nor charged (${language})`, async () => {
      await using run = await TestRun.open({ executor: { maxWorkersPerNode: 1 } });
      const warm = run.path('warm');
      appendFileSync(warm, '');
      // So that the workers know how short the tasks are, and share messages.
      await Promise.all(Array.from({ length: 200 }, (_, number) => app(warm, number, false)));
      const futures = Array.from({ length: COUNT }, (_, number) => app(run.path('diary'), number, number === KILLER));
      expect(await Promise.all(futures)).to.deep.equal(futures.map((_, number) => number));
      const times = Map.groupBy(run.lines('diary'), Number);
      const repeated = [...times].filter(([, lines]) => lines.length > 1).map(([number]) => number);
      expect(times.size).to.equal(COUNT);
      expect(repeated).to.deep.equal([KILLER]);
      expect(futures.filter(({ tries }) => tries.length !== 1).map(({ taskId }) => taskId)).to.deep.equal([futures[KILLER]?.taskId]);
      expect(futures[KILLER]?.tries.map(({ outcome }) => outcome)).to.deep.equal(['lost', 'done']);
    });
  }
});
