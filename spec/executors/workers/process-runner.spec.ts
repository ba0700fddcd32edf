import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { STANDING_MS } from '../../../executors/workers/batch-recall.ts';
import { killAll } from '../../../executors/workers/process-tree.ts';
import { ProcessRunner, type ProcessRunnerOptions } from '../../../executors/workers/process-runner.ts';
import type { WorkerExit } from '../../../executors/workers/runner.ts';
import { startWorker } from '../../../executors/workers/start-worker.ts';
import { jsWorkerArgv } from '../../../executors/workers/worker-argv.ts';
import { PROTOCOL_VERSION } from '../../../lib/wire/protocol.ts';
import { encodeFrame, FrameType } from '../../../lib/wire/frames.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';
import { decodeValue, pack } from '../../../lib/wire/value-codec.ts';
import { eventually } from '../../support/eventually.ts';
import { isAlive } from '../../support/leftovers.ts';
import { resultsOf, taskRecords, type TaskToMake } from '../../support/task-records.ts';

const FUNCTIONS: readonly string[] = [
  '(x) => x * 2',
  '() => process.exit(9)',
  '() => new Promise(() => setInterval(() => undefined, 1000))',
  '() => { console.error("last words"); process.abort(); }',
  '() => process.pid',
  `async (file) => {
    const { spawn } = await import('node:child_process');
    const { writeFileSync } = await import('node:fs');
    const left = spawn('sleep', ['510'], { detached: true, stdio: 'ignore' });
    const near = spawn('sleep', ['511'], { stdio: 'ignore' });
    writeFileSync(file, left.pid + ' ' + near.pid);
    return new Promise(() => undefined);
  }`,
  '() => process.exit(127)',
  '(words) => console.error(words)',
  '(file) => { while (!process.getBuiltinModule("node:fs").existsSync(file)); return 100; }',
];
const [DOUBLE, EXIT, HANG, ABORT, PID, SPAWN, EXIT_127, SAY, SPIN] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('a worker process', () => {
  let folder: string;
  let runId: string;
  let runner: ProcessRunner;
  let values: unknown[];
  let exits: WorkerExit[];
  /** How many values there were when a batch ended early. */
  let ended: number[];
  let nextBatch: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-runner-'));
    runId = `spec-${randomUUID()}`;
    values = [];
    exits = [];
    ended = [];
    nextBatch = 1;
    runner = start(jsWorkerArgv(process.execPath, undefined));
  });
  afterEach(async () => {
    await runner.close(300);
    killAll({ tag: `FLOTILLA_RUN_ID=${runId}` });
    rmSync(folder, { recursive: true });
  });

  function start(
    argv: readonly [string, ...string[]],
    more: Partial<Pick<ProcessRunnerOptions, 'startTimeoutMs' | 'startProcess' | 'shortageDelaysMs' | 'scratchDir'>> = {},
  ): ProcessRunner {
    return new ProcessRunner({
      name: 'worker-0-js',
      argv,
      cwd: folder,
      env: { ...(process.env as Record<string, string>), FLOTILLA_RUN_ID: runId },
      logDir: join(folder, 'logs'),
      scratchDir: folder,
      runId,
      functions: { definition: (fnId) => Buffer.from(pack({ kind: 'js', name: `f${fnId}`, form: 'source', source: FUNCTIONS[fnId - 1] })) },
      events: {
        results: (records) => {
          for (const { status, body } of resultsOf(records))
            values.push(status === ResultStatus.Ok ? decodeValue(body) : `status ${status}`);
        },
        endedEarly: () => ended.push(values.length),
        lost: (exit) => exits.push(exit),
      },
      missingHint: 'Install it.',
      ...more,
    });
  }

  const run = (...tasks: TaskToMake[]): void => runner.run({ number: nextBatch++, count: tasks.length, records: taskRecords(...tasks) });
  const lost = (): Promise<WorkerExit> => eventually('the loss', () => exits[0]);

  it('runs batches and reports their results in order', async () => {
    run({ taskId: 1, fnId: DOUBLE, args: [1] }, { taskId: 2, fnId: DOUBLE, args: [2] });
    await eventually('both', () => values.length === 2);
    run({ taskId: 3, fnId: DOUBLE, args: [3] });
    await eventually('the third', () => values.length === 3);
    expect(values).to.deep.equal([2, 4, 6]);
  });

  it('ends a batch behind the task that runs when the rest is taken back, and takes the next batch then', async () => {
    run({ taskId: 1, fnId: DOUBLE, args: [1] });
    await eventually('a worker', () => values.length === 1);
    run(
      { taskId: 2, fnId: SPIN, args: [join(folder, 'go')] },
      { taskId: 3, fnId: DOUBLE, args: [3] },
      { taskId: 4, fnId: DOUBLE, args: [4] },
    );
    const kept = await eventually('what it keeps', () => runner.takeBack());
    expect(kept).to.equal(1);
    expect(runner.takeBack(), 'more, once that is promised').to.equal(undefined);
    writeFileSync(join(folder, 'go'), '');
    await eventually('the end', () => ended.length === 1);
    expect(values).to.deep.equal([2, 100]);
    run({ taskId: 5, fnId: DOUBLE, args: [5] }, { taskId: 6, fnId: DOUBLE, args: [6] });
    await eventually('the next batch', () => values.length === 4);
    expect([values, ended]).to.deep.equal([[2, 100, 10, 12], [2]]);
  });

  it('keeps the first task of a batch that it has not begun', async () => {
    run({ taskId: 1, fnId: DOUBLE, args: [1] }, { taskId: 2, fnId: DOUBLE, args: [2] });
    expect(runner.takeBack()).to.equal(1);
    await eventually('the end', () => ended.length === 1);
    expect(values).to.deep.equal([2]);
  });

  it('keeps all of its batch when its files were removed', async () => {
    run({ taskId: 1, fnId: DOUBLE, args: [1] });
    await eventually('a worker', () => values.length === 1);
    for (const file of ['journal', 'limit']) rmSync(join(folder, `worker-0-js.${file}`));
    run({ taskId: 2, fnId: SPIN, args: [join(folder, 'go')] }, { taskId: 3, fnId: DOUBLE, args: [3] });
    for (let looks = 1; looks <= 5; looks++) {
      expect(runner.takeBack()).to.equal(undefined);
      await pause(STANDING_MS);
    }
    writeFileSync(join(folder, 'go'), '');
    await eventually('all', () => values.length === 3);
    expect(values).to.deep.equal([2, 100, 6]);
  });

  it('is started by its first batch, or by warmUp, and is the same for all', async () => {
    runner.warmUp();
    run({ taskId: 1, fnId: PID });
    await eventually('a pid', () => values.length === 1);
    run({ taskId: 2, fnId: PID });
    await eventually('another', () => values.length === 2);
    expect(values[0]).to.equal(values[1]);
  });

  for (const [code, why] of [
    [127, 'there is no such program'],
    [126, 'it is not executable'],
  ] as const) {
    it(`that cannot be started, and of which exit code ${code} is all that is known, is reported in words`, async () => {
      const none = start(['/bin/sh', '-c', `exit ${code}`]);
      none.run({ number: 1, count: 1, records: taskRecords({ taskId: 1, fnId: DOUBLE, args: [1] }) });
      expect((await lost()).startError).to.equal(`/bin/sh -c exit ${code} cannot be started: ${why}. Install it.`);
      await none.close(1000);
    });
  }

  it('that never says that it is ready is given up, as a machine may be short of threads', async () => {
    const mute = start(['/bin/sleep', '600'], { startTimeoutMs: 200 });
    mute.run({ number: 1, count: 1, records: taskRecords({ taskId: 1, fnId: DOUBLE, args: [1] }) });
    expect(await lost()).to.deep.include({ signal: 'SIGKILL' });
    expect((await lost()).shortage).to.match(/^\/bin\/sleep 600 was not ready after 0.2 s, and was ended/);
    await mute.close(1000);
  });

  it('whose log cannot be opened is reported in words, and the next start has its chance', async () => {
    symlinkSync('/dev/full/none', join(folder, 'logs'));
    const patient = start(jsWorkerArgv(process.execPath, undefined));
    patient.run({ number: 1, count: 1, records: taskRecords({ taskId: 1, fnId: DOUBLE, args: [4] }) });
    expect((await lost()).startError).to.match(/cannot be started: E/);
    rmSync(join(folder, 'logs'));
    patient.run({ number: 2, count: 1, records: taskRecords({ taskId: 2, fnId: DOUBLE, args: [4] }) });
    await eventually('the result', () => values.includes(8));
    await patient.close(1000);
  });

  describe('on a machine that is short of something', () => {
    const one = { number: 1, count: 1, records: taskRecords({ taskId: 1, fnId: DOUBLE, args: [4] }) };
    const another = { number: 2, count: 1, records: taskRecords({ taskId: 2, fnId: DOUBLE, args: [5] }) };
    const soon = [1, 1, 1];
    /** The first starts fail as the system fails them: told at once or later. */
    function shortOf(code: string, times: number, isToldLater: boolean): typeof startWorker {
      const error = Object.assign(new Error(`spawn ${code}`), { code });
      return (worker, failed) => {
        if (times-- <= 0) return startWorker(worker, failed);
        if (!isToldLater) throw error;
        queueMicrotask(() => failed(error));
        return undefined;
      };
    }

    for (const isToldLater of [false, true]) {
      it(`is started again${isToldLater ? ', also where it is told later that there is none' : ''}, and its task is done`, async () => {
        const startProcess = shortOf('EAGAIN', 3, isToldLater);
        const patient = start(jsWorkerArgv(process.execPath, undefined), { startProcess, shortageDelaysMs: soon });
        patient.run(one);
        await eventually('the result', () => values.includes(8));
        expect(exits).to.deep.equal([]);
        await patient.close(1000);
      });
    }

    const shortages: [code: string, says: RegExp][] = [
      ['EAGAIN', /the limit of processes is reached \(ulimit -u, or pids\.max of the job\): raise it, or have fewer workers$/],
      ['ENOMEM', /there is no memory left: ask for more, or have fewer workers$/],
      ['EMFILE', /the limit of open files of the process is too low \(ulimit -n\)$/],
      ['ENOSPC', /there is no room left where its output goes$/],
    ];
    for (const [code, says] of shortages) {
      it(`for good (${code}) is a loss that says so`, async () => {
        const startProcess = shortOf(code, Number.POSITIVE_INFINITY, true);
        const patient = start(jsWorkerArgv(process.execPath, undefined), { startProcess, shortageDelaysMs: soon });
        patient.run(one);
        expect((await lost()).shortage).to.match(says);
        await patient.close(1000);
      });
    }

    it('holds nobody up once waiting was in vain, and serves the first batch for which there is room', async () => {
      const startProcess = shortOf('EAGAIN', 5, false);
      const patient = start(jsWorkerArgv(process.execPath, undefined), { startProcess, shortageDelaysMs: soon });
      patient.run(one);
      await lost();
      patient.run(another);
      await eventually('the second loss', () => exits.length === 2);
      patient.run(another);
      await eventually('the result', () => values.includes(10));
      await patient.close(1000);
    });

    it('is started again where it aborts before it is ready, as Node does without threads, and its task is done', async () => {
      const mark = join(folder, 'mark');
      const command = `[ -e ${mark} ] && exec "$@"; touch ${mark}; kill -ABRT $$`;
      const patient = start(['/bin/sh', '-c', command, 'sh', ...jsWorkerArgv(process.execPath, undefined)], { shortageDelaysMs: soon });
      patient.run(one);
      await eventually('the result', () => values.includes(8));
      expect(exits).to.deep.equal([]);
      await patient.close(1000);
    });

    it('is lost with the limits to look at where it always aborts before it is ready', async () => {
      const patient = start(['/bin/sh', '-c', 'echo no thread >&2; kill -ABRT $$'], { shortageDelaysMs: soon });
      patient.run(one);
      expect((await lost()).shortage).to.match(
        /aborted before it was ready, as if it got no threads or no memory: raise the limit.*no thread/s,
      );
      await patient.close(1000);
    });
  });

  it('that cannot write its journal does one task of a batch at a time', async () => {
    // The last of two with the same name counts.
    const full = start(['/usr/bin/env', 'FLOTILLA_JOURNAL=/dev/full', ...jsWorkerArgv(process.execPath, undefined)]);
    const batch = [3, 4, 5].map((taskId) => ({ taskId, fnId: DOUBLE, args: [taskId] }));
    for (let done = 0; done < batch.length; done++) {
      const records = taskRecords(...batch.slice(done));
      full.run({ number: done + 1, count: batch.length - done, records });
      await eventually('a result and the end of the batch', () => values.length === done + 1 && ended.length >= Math.min(done + 1, 2));
    }
    expect(values).to.deep.equal([6, 8, 10]);
    // The last was alone in its batch, and needs no journal.
    expect(ended).to.deep.equal([1, 2]);
    await full.close(1000);
  });

  /** Node as a worker that does this with its socket, fd 3, and then waits. */
  const sends = (bytes: Buffer): [string, ...string[]] => {
    const script = `require('fs').writeSync(3, Buffer.from('${bytes.toString('hex')}', 'hex')); setInterval(() => undefined, 1000)`;
    return [process.execPath, '-e', script];
  };
  const strangers: [title: string, argv: readonly [string, ...string[]], says: RegExp][] = [
    [
      'prints its reason and exits',
      ['/bin/sh', '-c', 'echo broken venv >&2; exit 1'],
      /exit code 1 before it was ready; its stderr: broken venv\nInstall it\.$/,
    ],
    [
      'ends well and says nothing',
      ['/bin/cat', '/dev/null'],
      /^\/bin\/cat \/dev\/null ended with exit code 0 before it was ready; its stderr is empty\n/,
    ],
    [
      'speaks another protocol',
      sends(encodeFrame(FrameType.Hello, pack({ protocol: 77 }))),
      new RegExp(`no worker of this Flotilla: it speaks protocol 77, and this side ${PROTOCOL_VERSION}: `),
    ],
    [
      'names no protocol',
      sends(encodeFrame(FrameType.Hello, Buffer.from([0xc1]))),
      /no worker of this Flotilla: its Hello names no protocol/,
    ],
    ['begins with another frame', sends(encodeFrame(FrameType.Results, Buffer.alloc(4))), /its first frame is of type 4, and no Hello/],
    ['sends something else', sends(Buffer.alloc(16, 0xff)), /what it sends is not of Flotilla's protocol/],
  ];
  for (const [title, argv, says] of strangers) {
    it(`that ${title} was never there: a start error`, async () => {
      const stranger = start(argv);
      stranger.run({ number: 1, count: 1, records: taskRecords({ taskId: 1, fnId: DOUBLE, args: [1] }) });
      expect((await lost()).startError).to.match(says);
      expect(values).to.deep.equal([]);
      await stranger.close(1000);
    });
  }

  it('that a signal ends before it is ready is lost: that may have been anybody', async () => {
    const killed = start(['/bin/sh', '-c', 'kill -KILL $$']);
    killed.run({ number: 1, count: 1, records: taskRecords({ taskId: 1, fnId: DOUBLE, args: [1] }) });
    const exit = await lost();
    expect(exit).to.include({ signal: 'SIGKILL' }).and.not.have.property('startError');
    await killed.close(1000);
  });

  it('whose task exits with 127 has been started', async () => {
    run({ taskId: 1, fnId: EXIT_127 });
    const exit = await lost();
    expect(exit).to.include({ exitCode: 127 }).and.not.have.property('startError');
  });

  it('that exits is reported with its code, and with what it had finished', async () => {
    run(
      { taskId: 1, fnId: DOUBLE, args: [1] },
      { taskId: 2, fnId: DOUBLE, args: [2] },
      { taskId: 3, fnId: EXIT },
      { taskId: 4, fnId: DOUBLE, args: [4] },
    );
    const exit = await lost();
    expect(exit).to.include({ exitCode: 9, signal: null });
    expect(resultsOf(exit.finished).map(({ taskId }) => taskId)).to.deep.equal([1, 2]);
    expect(exit.startError).to.equal(undefined);
  });

  it('that crashes is reported with its signal and the end of its stderr; the next batch starts another', async () => {
    run({ taskId: 1, fnId: ABORT });
    const exit = await lost();
    expect(exit).to.include({ exitCode: null, signal: 'SIGABRT' });
    expect(exit.stderrTail).to.include('last words');
    expect(readFileSync(join(folder, 'logs', 'worker-0-js.stderr'), 'utf8')).to.include('last words');
    run({ taskId: 2, fnId: DOUBLE, args: [21] });
    await eventually('a result', () => values.length === 1);
    expect(values).to.deep.equal([42]);
  });

  it('has only the words of the task that it ran alone in its stderr tail', async () => {
    run({ taskId: 1, fnId: SAY, args: ['of another task'] });
    await eventually('its end', () => values.length === 1);
    run({ taskId: 2, fnId: ABORT });
    const { stderrTail } = await lost();
    expect(stderrTail).to.include('last words').and.not.include('of another task');
  });

  it('that is killed from outside is noticed at once', async () => {
    run({ taskId: 1, fnId: PID });
    const pid = await eventually('its pid', () => values[0] as number | undefined);
    run({ taskId: 2, fnId: HANG });
    process.kill(pid, 'SIGKILL');
    expect(await lost()).to.include({ signal: 'SIGKILL' });
  });

  it('ends by kill, with what its task has started', async () => {
    const file = join(folder, 'pids');
    run({ taskId: 7, fnId: SPAWN, args: [file] });
    const pids = await eventually('both children', async () => {
      const text = await readFile(file, 'utf8').catch(() => '');
      return text.includes(' ') && text.split(' ').map(Number);
    });
    runner.kill('SIGTERM', { taskId: 7 });
    expect(await lost()).to.include({ signal: 'SIGTERM' });
    expect(pids.filter(isAlive)).to.deep.equal([]);
  });

  it('starts and works though somebody has removed the folder of its files', async () => {
    const scratch = join(folder, 'scratch');
    runner = start(jsWorkerArgv(process.execPath, undefined), { scratchDir: scratch });
    run({ taskId: 1, fnId: PID });
    const pid = await eventually('its pid', () => values[0] as number | undefined);
    rmSync(scratch, { recursive: true });
    process.kill(pid, 'SIGKILL');
    await eventually('its end', () => runner.pid === undefined);
    run({ taskId: 2, fnId: DOUBLE, args: [4] });
    await eventually('its result', () => values.includes(8));
  });

  it('that cannot be started is an error that says what to do', async () => {
    runner = start(['/no/such/program', 'argument']);
    run({ taskId: 1, fnId: DOUBLE, args: [1] });
    const exit = await lost();
    expect(exit.startError).to.include('/no/such/program argument cannot be started').and.include('Install it.');
  });

  it('leaves on close, and its journal with it', async () => {
    run({ taskId: 1, fnId: PID });
    const pid = await eventually('its pid', () => values[0] as number | undefined);
    await runner.close(3000);
    expect(isAlive(pid)).to.equal(false);
    expect(() => readFileSync(join(folder, 'worker-0-js.journal'))).to.throw('ENOENT');
  });

  it('that does not listen is killed when the time for closing is over', async () => {
    const file = join(folder, 'pids');
    run({ taskId: 1, fnId: SPAWN, args: [file] });
    await eventually('its work', () =>
      readFile(file).then(
        () => true,
        () => false,
      ),
    );
    const spinning = start([process.execPath, '-e', 'for (;;);']);
    spinning.warmUp();
    await spinning.close(200);
  });

  it('can be closed after it has died', async () => {
    run({ taskId: 1, fnId: EXIT });
    await lost();
    await runner.close(3000);
  });
});
