/** Each thing that the oracle looks for, found in a run that has it: a judge that cannot condemn is none. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEncoder } from '../../lib/events/encoder.ts';
import type { RunEvent } from '../../lib/events/events.ts';
import { encodeFileHeader, EVENT_LOG } from '../../lib/events/format.ts';
import { expectPromisesKept, expectReasons, judgeRun, type JudgeOptions } from './oracle.ts';

const RUN_ID = `oracle-${process.pid}-of-spec`;
const STARTED: RunEvent = {
  kind: 'runStarted',
  runId: RUN_ID,
  flotilla: '1',
  node: '24',
  host: 'h',
  pid: 1,
  cwd: '/',
  argv: [],
  executors: [],
};
const WELL: RunEvent[] = [
  { kind: 'taskCalled', taskId: 1, name: 'app', app: 'js' },
  { kind: 'tryLaunched', taskId: 1, tryNumber: 1, executor: 'htex' },
  { kind: 'tryEnded', taskId: 1, tryNumber: 1, outcome: 'done', host: 'h', worker: 'h/0', startMs: 1, durationUs: 5 },
  { kind: 'taskEnded', taskId: 1, name: 'app', state: 'done' },
];

describe('the oracle', () => {
  let runDir: string;
  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), 'flotilla-oracle-'));
  });
  afterEach(() => rmSync(runDir, { recursive: true }));

  function writeLog(...events: RunEvent[]): void {
    const encoder = new EventEncoder({ full: () => undefined });
    for (const event of [STARTED, ...events]) encoder.add(event);
    writeFileSync(join(runDir, EVENT_LOG), Buffer.concat([encodeFileHeader(), encoder.take()?.bytes ?? Buffer.alloc(0)]));
  }
  const problems = async (options: JudgeOptions = {}): Promise<readonly string[]> =>
    (await judgeRun(runDir, { limitMs: 0, ...options })).problems;

  it('has nothing against a run that went well', async () => {
    writeLog(...WELL);
    expect(await problems()).to.deep.equal([]);
    expect(await expectPromisesKept(runDir)).to.deep.include({ called: 1, ended: 1, outcomes: { done: 1 } });
  });

  it('condemns what the events show, and lists it', async () => {
    writeLog(...WELL, ...WELL.slice(1));
    const failure = await expectPromisesKept(runDir).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(failure).to.match(/breaks promises:.*try 1 of task 1 was launched, and the task is not there/s);
  });

  it('misses tasks that have no outcome when the kernel has closed, and not before', async () => {
    writeLog(...WELL.slice(0, 2));
    expect(await problems()).to.deep.equal(['1 task(s) have no outcome: 1']);
    expect(await problems({ hasClosed: false })).to.deep.equal([]);
  });

  it('finds a process that is left, by what it has of the run in its environment', async () => {
    writeLog(...WELL);
    const left = spawn('sleep', ['60'], { env: { FLOTILLA_RUN_ID: RUN_ID }, stdio: 'ignore' });
    try {
      expect(await problems()).to.deep.equal([`a process is left: ${left.pid} sleep 60`]);
      expect(await problems({ hasClosed: false })).to.deep.equal([]);
    } finally {
      left.kill('SIGKILL');
      await once(left, 'exit');
    }
    expect(await problems()).to.deep.equal([]);
  });

  const diaries: [what: string, lines: string, found: string[]][] = [
    ['an accelerator after the other', 'gpu-0 10 20\ngpu-0 20 30\ngpu-1 12 25\n', []],
    ['two tasks at once', 'gpu-0 10 20\ngpu-1 0 99\ngpu-0 19 30\n', ['gpu-0 had two tasks at once, at 19']],
    ['a task within the time of another', 'gpu-0 50 60\ngpu-0 10 90\n', ['gpu-0 had two tasks at once, at 50']],
  ];
  for (const [what, lines, found] of diaries) {
    it(`reads in a diary of tasks: ${what}`, async () => {
      writeLog(...WELL);
      writeFileSync(join(runDir, 'diary'), lines);
      expect(await problems({ diaries: [join(runDir, 'diary')] })).to.deep.equal(found);
    });
  }

  it('does not take a diary that nobody wrote for one without faults', async () => {
    writeLog(...WELL);
    const failure: unknown = await problems({ diaries: [join(runDir, 'none')] }).catch((error: unknown) => error);
    expect((failure as Error).message).to.include('ENOENT');
  });

  it('wants a reason that fits for every task that has not ended', () => {
    const kernel = { explain: (taskId: number) => `task ${taskId} (app) waits for , since 3.0 s` };
    const tasks = [1, 2].map((taskId) => ({ taskId, state: 'pending', done: taskId === 1 }));
    expect(() => expectReasons(kernel, tasks)).to.throw('task 2 (pending): it waits for nothing');
    expect(() => expectReasons(kernel, [])).not.to.throw();
  });
});
