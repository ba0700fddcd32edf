import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { SimpleLauncher } from '../../../launchers/simple-launcher.ts';
import { SrunLauncher } from '../../../launchers/srun-launcher.ts';
import { SshLauncher } from '../../../launchers/ssh-launcher.ts';
import { WrappedLauncher } from '../../../launchers/wrapped-launcher.ts';
import type { JobStatus, RunningProvider } from '../../../lib/provider.ts';
import { LocalProvider } from '../../../providers/local/description.ts';
import { eventually } from '../../support/eventually.ts';
import { isAlive } from '../../support/leftovers.ts';
import { providerContract } from '../contract.ts';

providerContract('LocalProvider', { make: (options) => new LocalProvider(options), shortWalltime: '300ms' });

describe('LocalProvider, running', () => {
  let dir: string;
  let provider: RunningProvider;
  let seen: JobStatus[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flotilla-local-'));
    seen = [];
    provider = start();
  });
  afterEach(async () => {
    await provider.close();
    await rm(dir, { recursive: true });
  });

  function start(changes: { scriptDir?: string; workingDirectory?: string } = {}): RunningProvider {
    const jobChanged = (_: string, status: JobStatus): void => void seen.push(status);
    return new LocalProvider().start({ runId: 'r', scriptDir: join(dir, 'jobs'), workingDirectory: dir, jobChanged, log() {}, ...changes });
  }
  const failure = (job: Promise<string>): Promise<Error> =>
    job.then(
      () => expect.fail('it was submitted'),
      (error: Error) => error,
    );
  const name = 'flotilla.r.0';

  it('reports start and end of a job without being asked', async () => {
    await provider.submit({ command: 'exit 2', name, env: {} });
    await eventually('the end is reported', () => seen.some(({ state }) => state === 'failed'));
    expect(seen.at(-1)).to.include({ state: 'failed', exitCode: 2, reason: 'exit code 2' });
  });

  it('leaves a job alone that has gone: its number may be another process by then', async () => {
    const jobId = await provider.submit({ command: 'exit 0', name, env: {} });
    await eventually('the end is reported', () => seen.some(({ state }) => state === 'completed'));
    const { kill } = process;
    try {
      await eventually('nobody is signalled any more', () => {
        let isSignalled = false;
        process.kill = () => (isSignalled = true);
        provider.killNow();
        return !isSignalled;
      });
    } finally {
      process.kill = kill;
    }
    expect((await provider.status([jobId])).get(jobId)).to.include({ state: 'completed', exitCode: 0 });
  });

  it('names the signal behind an exit code of the shell', async () => {
    await provider.submit({ command: 'bash -c "kill -KILL \\$\\$"; exit $?', name, env: {} });
    await eventually('the end is reported', () => seen.some(({ state }) => state === 'failed'));
    expect(seen.at(-1)).to.include({ exitCode: 137, reason: 'exit code 137: SIGKILL' });
  });

  it('tells the signal that killed the job itself', async () => {
    await provider.submit({ command: 'kill -KILL $$', name, env: {} });
    await eventually('the end is reported', () => seen.some(({ state }) => state === 'failed'));
    expect(seen.at(-1)).to.include({ signal: 'SIGKILL', reason: 'killed by SIGKILL' }).and.not.have.property('exitCode');
  });

  it('lets a job run whose walltime is longer than a timer of Node takes', async () => {
    provider = new LocalProvider({ walltime: '1000h' }).start({
      runId: 'r',
      scriptDir: join(dir, 'jobs'),
      workingDirectory: dir,
      jobChanged: (_, status) => void seen.push(status),
      log() {},
    });
    await provider.submit({ command: 'sleep 0.1', name, env: {} });
    await eventually('the end is reported', () => seen.some(({ state }) => state !== 'running'));
    expect(seen.at(-1)).to.include({ state: 'completed', exitCode: 0 });
  });

  it('lets what is stopped in a job hear that it is to leave, in whatever process group it is', async () => {
    const inner = `trap "touch ${join(dir, 'heard')}; exit 0" TERM; echo $BASHPID > ${join(dir, 'pid')}; while :; do sleep 0.05; done`;
    const command = `set -m; bash -c '${inner}' & child=$!; trap 'kill -TERM -$child; wait $child' TERM; wait $child`;
    const jobId = await provider.submit({ command, name, env: {} });
    const pid = await eventually('its trap', async () => Number(await readFile(join(dir, 'pid'), 'utf8').catch(() => '')) || undefined);
    process.kill(-pid, 'SIGSTOP');
    await provider.cancel([jobId]);
    expect(existsSync(join(dir, 'heard'))).to.equal(true);
  });

  describe('taking over from a driver that died', () => {
    const paths = (): { stdoutPath: string; stderrPath: string } => ({
      stdoutPath: join(dir, 'jobs', `${name}.stdout`),
      stderrPath: join(dir, 'jobs', `${name}.stderr`),
    });
    const adopted = (jobId: string, jobName = name): RunningProvider => {
      const heir = start();
      heir.adopt?.([{ jobId, name: jobName, ...paths() }]);
      return heir;
    };

    it('reports the end of a job that runs on, and can cancel it', async () => {
      const jobId = await provider.submit({ command: 'sleep 300', name, env: {} });
      const heir = adopted(jobId);
      expect((await heir.status([jobId])).get(jobId)).to.include({ state: 'running', ...paths() });
      await heir.cancel([jobId]);
      expect((await heir.status([jobId])).get(jobId)).to.include({ state: 'cancelled' });
    });

    it('reports a job that has ended meanwhile as completed, without an exit code', async () => {
      const jobId = await provider.submit({ command: 'exit 3', name, env: {} });
      await eventually('its end', () => seen.some(({ state }) => state === 'failed'));
      seen = [];
      adopted(jobId);
      await eventually('the end is reported', () => seen.length > 0);
      expect(seen[0]).to.include({ state: 'completed', reason: 'it ended after its driver' }).and.not.have.property('exitCode');
    });

    it('leaves alone a process that has the number of the job and is another', async () => {
      const jobId = await provider.submit({ command: 'sleep 300', name, env: {} });
      const heir = adopted(jobId, 'flotilla.r.other');
      await eventually('the end is reported', () => seen.some(({ state }) => state === 'completed'));
      await heir.close();
      expect((await provider.status([jobId])).get(jobId)).to.include({ state: 'running' });
    });

    it('ends what a job has started if its first process is gone', async () => {
      await provider.submit({ command: `setsid sleep 300 & echo $! > ${join(dir, 'pid')}; sleep 300`, name, env: {} });
      const pid = await eventually('its child', async () => Number(await readFile(join(dir, 'pid'), 'utf8').catch(() => '')) || undefined);
      const heir = start();
      heir.adopt?.([{ jobId: 'local-1', name, ...paths() }]);
      await eventually('the child to end', () => !isAlive(pid));
    });
  });

  it('keeps the script, for its owner alone', async () => {
    await provider.submit({ command: 'true', name, env: { TOKEN: 'secret' } });
    const path = join(dir, 'jobs', `${name}.sh`);
    expect(await readFile(path, 'utf8')).to.include('export TOKEN=secret');
    expect((await stat(path)).mode & 0o077).to.equal(0);
  });

  const refused: [title: string, begin: () => Promise<Error>, says: RegExp][] = [
    [
      'the folder for scripts cannot be written',
      async () => {
        await writeFile(join(dir, 'file'), '');
        provider = start({ scriptDir: join(dir, 'file', 'jobs') });
        return failure(provider.submit({ command: 'true', name, env: {} }));
      },
      /ENOTDIR/,
    ],
    [
      'the working directory does not exist',
      () => {
        provider = start({ workingDirectory: join(dir, 'gone') });
        return failure(provider.submit({ command: 'true', name, env: {} }));
      },
      /working directory does not exist: .*gone/,
    ],
    [
      'there is no bash on PATH',
      () => withPath(dir, () => failure(provider.submit({ command: 'true', name, env: {} }))),
      /bash must be on PATH/,
    ],
    [
      'a variable cannot be exported',
      () => failure(provider.submit({ command: 'true', name, env: { 'a-b': '1' } })),
      /"a-b" cannot be exported/,
    ],
    [
      'its name is no file name',
      () => failure(provider.submit({ command: 'true', name: '../up', env: {} })),
      /"\.\.\/up" cannot be a job's name/,
    ],
  ];
  for (const [title, begin, says] of refused) {
    it(`refuses a job when ${title}`, async () => {
      const error = await begin();
      expect(error).to.include({ name: 'SubmitError', code: 'FLOTILLA_SUBMIT_ERROR', retryable: false });
      expect(error.message)
        .to.match(says)
        .and.match(/^job '/);
    });
  }

  async function withPath<T>(path: string, act: () => Promise<T>): Promise<T> {
    const saved = process.env.PATH;
    process.env.PATH = path;
    try {
      return await act();
    } finally {
      process.env.PATH = saved;
    }
  }

  it('does not keep an idle driver alive', async () => {
    const module = new URL('../../../providers/local/description.ts', import.meta.url);
    const script = `
      import { LocalProvider } from '${module}';
      const dir = ${JSON.stringify(dir)};
      const provider = new LocalProvider().start({ runId: 'r', scriptDir: dir, workingDirectory: dir, jobChanged() {}, log() {} });
      await provider.submit({ name: 'idle', env: {}, command: 'exec sleep 60' });
      process.on('exit', () => provider.killNow());`;
    await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', script], { timeout: 25_000 });
  });
});

describe('LocalProvider, described', () => {
  it('has one block of one node, for as long as it takes, by default', () => {
    const { limits, launcher, isLocal } = new LocalProvider();
    expect(limits).to.deep.equal({ nodesPerBlock: 1, initBlocks: 1, minBlocks: 0, maxBlocks: 1, parallelism: 1, walltimeMs: undefined });
    expect(launcher.type).to.equal('SingleNodeLauncher');
    expect(isLocal).to.equal(true);
  });

  it('is not of this machine alone with a launcher that reaches others, so that managers are told an address that they can dial', () => {
    for (const launcher of [new SrunLauncher(), new WrappedLauncher({ prepend: 'time', launcher: new SshLauncher() })]) {
      expect(new LocalProvider({ launcher }).isLocal).to.equal(false);
    }
    expect(new LocalProvider({ launcher: new WrappedLauncher({ prepend: 'time' }) }).isLocal).to.equal(true);
  });

  it('takes durations as people write them', () => expect(new LocalProvider({ walltime: '1h30m' }).limits.walltimeMs).to.equal(5_400_000));

  it('is frozen data that can be started twice', () => {
    const options = { maxBlocks: 3 };
    const provider = new LocalProvider(options);
    expect(provider).to.be.frozen;
    expect(provider.options).to.deep.equal(options).and.be.frozen;
    expect(options).not.to.be.frozen;
  });

  const refused: [options: object, says: string][] = [
    [{ maxBlock: 2 }, "Did you mean 'maxBlocks'?"],
    [{ maxBlocks: 0 }, 'LocalProvider.maxBlocks: expected a whole number of at least 1, saw 0'],
    [{ minBlocks: 2 }, 'LocalProvider.minBlocks: 2 is above maxBlocks, 1'],
    [{ initBlocks: 4, maxBlocks: 3 }, 'LocalProvider.initBlocks: 4 is above maxBlocks, 3'],
    [{ parallelism: 2 }, 'a number from 0 to 1, saw 2'],
    [{ walltime: 90 }, "write '90s'"],
    [{ walltime: '0s' }, 'LocalProvider.walltime'],
    [{ maxNodeHours: 0 }, 'LocalProvider.maxNodeHours'],
    [
      { maxNodeHours: 3, nodesPerBlock: 2, walltime: '2h' },
      '3 would not allow a single block: a block of 2 node(s) takes up to 4 node-hours',
    ],
    [{ launcher: 'simple' }, 'a launcher such as new SingleNodeLauncher()'],
    [{ launcher: new SimpleLauncher(), nodesPerBlock: 2 }, 'SimpleLauncher starts managers on 1 node of a block, but nodesPerBlock is 2'],
  ];
  for (const [options, says] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => new LocalProvider(options))
        .to.throw(says)
        .with.property('name', 'ConfigError');
    });
  }

  it("accepts Parsl's options that mean nothing here, with a warning", () => {
    const old = new LocalProvider({ label: 'local', scriptDir: 'parsl_scripts', tasksPerNode: 1 });
    expect(old.warnings.map((warning) => warning.split(' ')[0])).to.deep.equal([
      'LocalProvider.label',
      'LocalProvider.scriptDir',
      'LocalProvider.tasksPerNode',
    ]);
    expect(new LocalProvider({ channel: 'LocalChannel' }).warnings[0]).to.include('LocalProvider.channel has no effect');
    const { warnings } = new LocalProvider({ moveFiles: true, cmdTimeout: 30 });
    expect(warnings).to.have.length(2);
    expect(warnings[0]).to.include('LocalProvider.moveFiles has no effect');
  });
});
