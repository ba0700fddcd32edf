/** Behaviour 53: what cannot be started fails soon, and says how: exit code, the end of stderr, what to do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  DefinitionError,
  ExecutorFailed,
  HighThroughputExecutor,
  jsApp,
  LocalProvider,
  pythonApp,
  SubmitError,
} from '../../../../index.ts';
import { currentKernel } from '../../../../lib/kernel/current.ts';
import type { ProviderDescription } from '../../../../lib/provider.ts';
import { childrenOf, TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const SOON_MS = 8000;

const one = jsApp(() => 1);

/** A local provider, but for what `changes` says. */
function brokenProvider(changes: Partial<ProviderDescription>): ProviderDescription {
  const { type, limits, launcher, statusPollMs, isLocal } = new LocalProvider();
  return { type, limits, launcher, statusPollMs, isLocal, start: (context) => new LocalProvider().start(context), ...changes };
}

describe('an executor whose blocks cannot work', () => {
  const rows: { title: string; options: Parameters<typeof TestRun.open>[0]; exitCode: number; says: RegExp }[] = [
    {
      title: 'because Node.js is not there',
      options: { executor: { nodePath: '/nowhere/node' } },
      exitCode: 127,
      says: /\/nowhere\/node: No such file/,
    },
    {
      title: 'because workerInit fails',
      options: { provider: { workerInit: 'echo "no module conda" >&2; exit 3' } },
      exitCode: 3,
      says: /no module conda[^]*workerInit failed: it ended with exit code 3/,
    },
    {
      title: 'because managers cannot reach the interchange',
      options: { executor: { address: '192.0.2.1', addressProbeTimeout: 0.3 } },
      exitCode: 1,
      says: /no answer from the interchange within 300 ms at tcp:\/\/192\.0\.2\.1:\d+.*set the executor's `address`/,
    },
  ];
  for (const { title, options, exitCode, says } of rows) {
    it(`fails its tasks soon, with exit code and stderr: ${title}`, async () => {
      await using run = await TestRun.open(options);
      const calledAt = Date.now();
      const error = await failureOf<ExecutorFailed & { exitCode: number; stderrTail: string }>(one());
      expect(Date.now() - calledAt).to.be.below(SOON_MS);
      expect(error).to.be.instanceOf(ExecutorFailed);
      expect(error.exitCode).to.equal(exitCode);
      expect(error.stderrTail).to.match(says);
      expect(error.message).to.match(says).and.contain('3 blocks in a row ended before a manager registered');
      expect(await failureOf(one()), 'what is called later').to.equal(error);
      expect(run.managerPids()).to.deep.equal([]);
    });
  }

  it('fails them with what the provider throws', async () => {
    const refuse = (): never => {
      throw new SubmitError('qsub: unknown queue debugg');
    };
    const provider = brokenProvider({
      start: (context) =>
        Object.assign(Object.create(new LocalProvider().start(context)), { submit: refuse, close: async () => undefined }),
    });
    await using run = await TestRun.open({ executor: { provider } });
    const error = await failureOf<ExecutorFailed>(one());
    expect(error).to.be.instanceOf(ExecutorFailed);
    expect(error.message).to.contain('qsub: unknown queue debugg');
    expect(error.cause).to.be.instanceOf(SubmitError);
    expect(run.workerPids()).to.deep.equal([]);
  });

  it('cannot be loaded where the provider cannot even be started, and leaves no interchange', async () => {
    const provider = brokenProvider({
      start: () => {
        throw new Error('sbatch is not on PATH');
      },
    });
    const before = childrenOf(process.pid, 'interchange-entry').length;
    const failure: unknown = await TestRun.open({ executor: { provider } }).catch((error: unknown) => error);
    expect((failure as Error).message).to.contain('sbatch is not on PATH');
    expect(childrenOf(process.pid, 'interchange-entry')).to.have.length(before);
  });

  it('leaves another executor of the kernel alone', async () => {
    const executors = [
      new HighThroughputExecutor({ label: 'broken', provider: new LocalProvider({ workerInit: 'exit 4' }) }),
      new HighThroughputExecutor({ label: 'sound', maxWorkersPerNode: 1 }),
    ];
    await using run = await TestRun.open({ config: { executors } });
    expect(await failureOf(one.with({ executors: ['broken'] })())).to.be.instanceOf(ExecutorFailed);
    expect(await one.with({ executors: ['sound'] })()).to.equal(1);
    expect(await one(), "'all' leaves out what has failed").to.equal(1);
    expect(run.managerPids('sound')).to.have.length(1);
  });
});

describe('an interchange that cannot be started', () => {
  const node = process.execPath;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-node-'));
  });
  afterEach(() => {
    process.execPath = node;
    rmSync(folder, { recursive: true, force: true });
  });

  const rows: [title: string, script: string | undefined, says: RegExp][] = [
    [
      'because there is no process to be had',
      undefined,
      /its interchange cannot be started: .*fake-node cannot be started; is a limit too low \(ulimit -n, ulimit -u\), or the program gone\?/,
    ],
    [
      'because it gets no threads, and aborts',
      'kill -ABRT $$',
      /ended while it started \(SIGABRT: so a process ends that gets no threads or no memory; raise the limit of processes \(ulimit -u, or pids\.max/,
    ],
    ['because it ends', 'exit 7', /its interchange ended while it started \(exit code 7\); see .*interchange\.log/],
  ];
  for (const [title, script, says] of rows) {
    it(`fails the start, says what to do, and leaves nothing: ${title}`, async () => {
      const path = join(folder, 'fake-node');
      if (script !== undefined) writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      process.execPath = path;
      const failure: unknown = await TestRun.open({ executor: { nodePath: node } }).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(ExecutorFailed);
      expect((failure as Error).message).to.match(says);
      expect(childrenOf(process.pid, 'fake-node')).to.deep.equal([]);
    });
  }
});

describe('a Python that is not there', () => {
  it('fails the task, not the executor, and says what to do', async () => {
    await using run = await TestRun.open({ executor: { python: '/nowhere/python3' } });
    const calledAt = Date.now();
    const error = await failureOf(pythonApp<[], number>('def f():\n    return 1')());
    expect(Date.now() - calledAt).to.be.below(SOON_MS);
    expect(error).to.be.instanceOf(DefinitionError);
    expect(error.message).to.match(/\/nowhere\/python3.*cannot be started.*Install Python 3\.9 or later there, or name the interpreter/);
    expect(await one()).to.equal(1);
    expect(run.managerPids()).to.have.length(1);
  });
});

describe('a working directory that is not there', () => {
  it('fails the task and is named', async () => {
    await using run = await TestRun.open({ executor: { workingDir: '/nowhere/at/all' } });
    const error = await failureOf(one());
    expect(error).to.be.instanceOf(DefinitionError);
    expect(error.message).to.match(/its directory \/nowhere\/at\/all does not exist there/);
    expect(run.managerPids()).to.have.length(1);
  });
});

describe('ports that are taken', () => {
  /** Below those that the system gives out by itself. */
  const LOW = 23_901;
  const HIGH = 23_902;

  it('are stepped over within workerPortRange', async () => {
    const server = await listenOn(LOW);
    try {
      await using run = await TestRun.open({ executor: { workerPortRange: [LOW, HIGH] }, provider: { initBlocks: 0 } });
      expect(await boundPort(run)).to.equal(HIGH);
      expect(await one()).to.equal(1);
    } finally {
      await server.close();
    }
  });

  for (const options of [{ workerPortRange: [LOW, HIGH] as [number, number] }, { workerPort: LOW }]) {
    it(`fail the start when there is no other: ${JSON.stringify(options)}`, async () => {
      const servers = [await listenOn(LOW), await listenOn(HIGH)];
      try {
        const failure: unknown = await TestRun.open({ executor: { ...options, label: 'crowded' } }).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(ExecutorFailed);
        expect((failure as Error).message).to.match(
          /executor 'crowded' failed: its interchange cannot start: no port could be bound on 127\.0\.0\.1; .*workerPortRange/,
        );
        expect(currentKernel()).to.equal(undefined);
      } finally {
        for (const server of servers) await server.close();
      }
    });
  }
});

async function boundPort(run: TestRun): Promise<number> {
  const { readSettings } = await import('../../../../executors/high-throughput/manager/settings.ts');
  return readSettings(`${run.folder()}/keys/manager.json`).port;
}

async function listenOn(port: number): Promise<{ close(): Promise<void> }> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}
