/**
 * Taking back tasks from real workers, at random moments and while they are stopped at random: every task is done once, by whoever has it.
 * A failure names its seed; FLOTILLA_SEED=<seed> runs that again, as far as real processes do.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { ProcessRunner } from '../../../executors/workers/process-runner.ts';
import { makeScratchDir } from '../../../executors/workers/scratch.ts';
import { SlotPool } from '../../../executors/workers/slot-pool.ts';
import { jsWorkerArgv, pythonWorkerArgv } from '../../../executors/workers/worker-argv.ts';
import { FunctionRegistry, WorkerFactory } from '../../../executors/workers/worker-factory.ts';
import { encodePythonCall } from '../../../lib/wire/python-codec.ts';
import { encodeValue, pack } from '../../../lib/wire/value-codec.ts';
import { eventually } from '../../support/eventually.ts';
import { systemPython } from '../../support/python.ts';
import { resultsOf, taskRecords } from '../../support/task-records.ts';
import { createRandom, type Random } from '../high-throughput/interchange/simulation/random.ts';

const SEED = Number(process.env['FLOTILLA_SEED'] ?? 1 + Math.floor(Math.random() * 1e6));
const BATCHES = 80;
const LENGTHS_MS = [0, 0, 0, 0.3, 1, 3, 8];
/** Too large for the journal. */
const LARGE = 5000;

/** Write down that they were started, stay busy for a while, return so many characters. */
const APPS = {
  js: {
    definition: {
      kind: 'js',
      name: 'f',
      form: 'source',
      source: `(log, id, ms, size) => {
        process.getBuiltinModule('node:fs').appendFileSync(log, id + '\\n');
        for (const end = performance.now() + ms; performance.now() < end; );
        return 'x'.repeat(size);
      }`,
    },
    argv: () => jsWorkerArgv(process.execPath, undefined),
    encode: (args: unknown[]) => encodeValue(args),
  },
  python: {
    definition: {
      kind: 'python',
      name: 'f',
      form: 'source',
      function: 'f',
      source: `
import os, time
def f(log, id, ms, size):
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, b'%d\\n' % id)
    os.close(fd)
    end = time.perf_counter() + ms / 1000
    while time.perf_counter() < end:
        pass
    return 'x' * size
`,
    },
    argv: () => pythonWorkerArgv(systemPython(), undefined),
    encode: (args: unknown[]) => encodePythonCall(args),
  },
} as const;

describe(`taking back tasks from real workers (seed ${SEED})`, function () {
  this.timeout(60_000);
  let folder: string;
  let log: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-recall-'));
    log = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const started = (): number[] => readFileSync(log, 'utf8').trim().split('\n').map(Number);

  for (const kind of ['js', 'python'] as const) {
    it(`of ${kind} has none started that was taken, and none forgotten`, async () => {
      const worker = new FuzzedWorker(kind, folder, createRandom(SEED));
      try {
        for (let i = 1; i <= BATCHES; i++) await worker.runBatch(i, log);
      } finally {
        await worker.close();
      }
      expect(started()).to.deep.equal(worker.done);
      expect(worker.taken, 'batches of which some were taken').to.be.greaterThan(5);
    });
  }

  it('has a pool run each task once, whoever it was with', async () => {
    const random = createRandom(SEED);
    const functions = new FunctionRegistry();
    functions.define(1, Buffer.from(pack(APPS.js.definition)));
    const slots = [0, 1, 2].map(() => ({ cpus: undefined, env: {} }));
    const places = { cwd: folder, logDir: join(folder, 'logs'), scratchDir: folder, storeDir: undefined };
    const factory = new WorkerFactory(
      { slots, runId: `fuzz-${SEED}`, env: {}, nodePath: process.execPath, python: undefined, ...places },
      functions,
    );
    const done: number[] = [];
    const pool = new SlotPool({
      slots: slots.length,
      host: 'here',
      runnerKey: (fnId) => functions.runnerKey(fnId),
      createRunner: (key, slot, events) => factory.create(key, slot, events),
      results: (records) => void done.push(...resultsOf(records).map(({ taskId }) => taskId)),
    });
    const ids = Array.from({ length: 1500 }, (_, i) => i + 1);
    try {
      for (let at = 0; at < ids.length; at += 100) {
        const some = ids.slice(at, at + 100);
        pool.submit(taskRecords(...some.map((id) => ({ taskId: id, args: [log, id, random.chance(0.03) ? 30 : 0, 0] }))));
        if (random.chance(0.5)) await pause(random.below(20));
      }
      await eventually('all results', () => done.length >= ids.length, 50_000);
    } finally {
      await pool.close(3000);
    }
    expect(done.toSorted((a, b) => a - b)).to.deep.equal(ids);
    expect(started().toSorted((a, b) => a - b)).to.deep.equal(ids);
  });
});

/** A worker whose batches are cut, and which is stopped, at random moments. */
class FuzzedWorker {
  /** Tasks that it says it has done, in order. */
  readonly done: number[] = [];
  taken = 0;
  readonly #kind: keyof typeof APPS;
  readonly #random: Random;
  readonly #scratchDir = makeScratchDir();
  readonly #runner: ProcessRunner;
  #pid = 0;
  #reported = 0;
  #kept = 0;
  #hasEndedEarly = false;
  #nextTask = 1;
  #isClosing = false;

  constructor(kind: keyof typeof APPS, folder: string, random: Random) {
    this.#kind = kind;
    this.#random = random;
    this.#runner = new ProcessRunner({
      name: 'worker-0',
      argv: APPS[kind].argv(),
      cwd: folder,
      env: { ...(process.env as Record<string, string>), FLOTILLA_RUN_ID: `fuzz-${SEED}` },
      logDir: join(folder, 'logs'),
      scratchDir: this.#scratchDir,
      runId: `fuzz-${SEED}`,
      functions: { definition: () => Buffer.from(pack(APPS[kind].definition)) },
      events: {
        results: (records) => {
          const ids = resultsOf(records).map(({ taskId }) => taskId);
          this.done.push(...ids);
          this.#reported += ids.length;
        },
        endedEarly: () => (this.#hasEndedEarly = true),
        lost: ({ exitCode, signal, stderrTail }) => {
          if (!this.#isClosing) throw new Error(`the worker ended: ${exitCode} ${signal} ${stderrTail}`);
        },
      },
      missingHint: '',
      changed: (change) => (this.#pid = change.pid),
    });
  }

  async runBatch(number: number, log: string): Promise<void> {
    const random = this.#random;
    const count = 2 + random.below(7);
    const made = Array.from({ length: count }, () => {
      const taskId = this.#nextTask++;
      const size = random.chance(0.1) ? LARGE : 3;
      return { taskId, encoded: APPS[this.#kind].encode([log, taskId, LENGTHS_MS[random.below(LENGTHS_MS.length)], size]) };
    });
    this.#reported = 0;
    this.#hasEndedEarly = false;
    this.#runner.run({ number, count, records: taskRecords(...made) });
    this.#kept = count;
    const deadline = Date.now() + 20_000;
    while (this.#reported < this.#kept && !this.#hasEndedEarly) {
      if (Date.now() > deadline) throw new Error(`batch ${number}: ${this.#reported} of ${this.#kept} after 20 s`);
      if (random.chance(0.5)) await pause(random.below(4));
      else await new Promise(setImmediate);
      if (random.chance(0.2)) await this.#stopForAWhile();
      this.#takeBack();
    }
    if (this.#kept < count) this.taken++;
    if (this.#reported > this.#kept) throw new Error(`batch ${number}: ${this.#reported} results, though all but ${this.#kept} were taken`);
  }

  #takeBack(): void {
    this.#kept = Math.min(this.#kept, this.#runner.takeBack() ?? this.#kept);
  }

  /** Perhaps between two tasks. */
  async #stopForAWhile(): Promise<void> {
    process.kill(this.#pid, 'SIGSTOP');
    for (let i = this.#random.below(4); i > 0; i--) {
      this.#takeBack();
      await pause(this.#random.below(4));
    }
    process.kill(this.#pid, 'SIGCONT');
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#runner.close(3000);
    rmSync(this.#scratchDir, { recursive: true });
  }
}
