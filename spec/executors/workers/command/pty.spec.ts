import { expect } from 'chai';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandRunner, type CommandOutcome, type CommandSpec } from '../../../../executors/workers/command/command-runner.ts';
import { describeFailed } from '../../../../executors/workers/command/command-failure.ts';
import { FailedStage } from '../../../../executors/workers/command/spawner-protocol.ts';
import { gone, numberIn } from './processes.ts';

describe('a command in a terminal', () => {
  let directory: string;
  let runner: CommandRunner;

  const run = (command: string, options: Partial<CommandSpec> = {}): Promise<CommandOutcome> =>
    runner.run({ command, returns: 'stdout', pty: true, ...options });

  before(async function skipWithoutPty() {
    const present = await import('node-pty').then(
      () => true,
      () => false,
    );
    if (!present) this.skip();
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flotilla-pty-'));
    runner = new CommandRunner({ cwd: directory, env: {}, scratchDir: join(directory, 'scratch'), prefix: [], onLost: () => undefined });
  });

  afterEach(async () => {
    await runner?.close();
    if (directory === undefined) return;
    const left = await readdir(join(directory, 'scratch'));
    await rm(directory, { recursive: true, force: true });
    expect(left).to.deep.equal([]);
  });

  it('has a terminal at stdin, stdout and stderr', async () => {
    const { stdout } = await run('for fd in 0 1 2; do test -t $fd && echo $fd; done; echo to stderr >&2');
    expect(stdout.toString()).to.equal('0\r\n1\r\n2\r\nto stderr\r\n');
  });

  it('has a window of 80×24, or of COLUMNS × LINES', async () => {
    expect((await run('stty size')).stdout.toString().trim()).to.equal('24 80');
    expect((await run('stty size', { env: { COLUMNS: '132', LINES: '50' } })).stdout.toString().trim()).to.equal('50 132');
    expect((await run('stty size', { env: { COLUMNS: 'wide', LINES: '0' } })).stdout.toString().trim()).to.equal('24 80');
  });

  it('ends as any other: exit code, signal, kill', async () => {
    expect(await run('exit 15')).to.include({ exitCode: 15, signal: null });
    expect(await run('kill -9 $$')).to.include({ exitCode: null, signal: 'SIGKILL' });
    const outcome = run('sleep 1000 & echo $! > child; wait');
    const child = await numberIn(join(directory, 'child'));
    runner.kill('SIGTERM');
    expect(await outcome).to.include({ exitCode: null, signal: 'SIGTERM' });
    await gone(child);
  });

  it('writes to the stdout file, all of it', async () => {
    const path = join(directory, 'out');
    const outcome = await run('seq 20000', { stdout: [path, 'w'] });
    expect(await readFile(path, 'utf8')).to.equal(outcome.stdout.toString());
    expect(outcome.stdout.toString().split('\r\n').length).to.equal(20001);
  });

  it('starts where it is told, or says why it cannot', async () => {
    expect((await run('pwd', { cwd: '/usr' })).stdout.toString()).to.equal('/usr\r\n');
    expect((await run('pwd', { cwd: '/no/such/place' })).failure?.message).to.match(/\/no\/such\/place \(ENOENT/);
  });

  it('finds the end of its input, and nothing of that in its output', async () => {
    expect((await run('cat; echo read')).stdout.toString()).to.equal('read\r\n');
    expect((await run('sleep 0.1; read line || echo none')).stdout.toString()).to.equal('none\r\n');
    expect((await run('echo unread')).stdout.toString()).to.equal('unread\r\n');
  });

  it('takes turns with commands that need none', async () => {
    expect((await run('test -t 1 && echo terminal', { pty: false })).exitCode).to.equal(1);
    expect((await run('test -t 1 && echo terminal')).stdout.toString()).to.equal('terminal\r\n');
    expect((await run('test -t 1 && echo terminal', { pty: false })).exitCode).to.equal(1);
  });
});

describe('a command in a terminal where node-pty is missing', () => {
  it('fails with what is missing and how to get it', () => {
    const failed = { number: 1, stage: FailedStage.Pty, errno: 0, startMs: 0, detail: "Cannot find package 'node-pty'" };
    const { message } = describeFailed(failed, { command: 'x', returns: 'exitCode', pty: true });
    expect(message).to.match(/'pty: true'.*node-pty.*Cannot find package 'node-pty'.*npm install node-pty/);
  });
});
