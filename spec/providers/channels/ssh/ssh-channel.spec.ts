import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { SshChannel, type SshChannelOptions } from '../../../../index.ts';
import { ProviderError } from '../../../../lib/errors/engine-errors.ts';
import { eventually } from '../../../support/eventually.ts';
import { hasSshd, Sshd } from '../../../support/sshd.ts';
import { channelContract } from '../contract.ts';

const run = promisify(execFile);

describe('the channel through SSH', function () {
  this.timeout(60_000);
  let sshd: Sshd;
  let folder: string;
  before(async function () {
    if (!hasSshd) this.skip();
    sshd = await Sshd.start({ addresses: ['127.0.0.1', '127.0.0.2'] });
  });
  after(() => sshd?.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-ssh-channel-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const options = (more: Partial<SshChannelOptions> = {}): SshChannelOptions => ({
    host: '127.0.0.1',
    port: sshd.port,
    keyFile: sshd.keyFile,
    knownHostsFile: sshd.knownHostsFile,
    configFile: 'none',
    ...more,
  });
  const open = (more?: Partial<SshChannelOptions>) => new SshChannel(options(more)).open();

  /** What it says when it cannot connect. */
  async function refusal(more: Partial<SshChannelOptions>): Promise<ProviderError & { retryable?: boolean }> {
    await using channel = open(more);
    const error: unknown = await channel.run({ argv: ['true'] }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ProviderError);
    return error as ProviderError;
  }

  channelContract('SshChannel', { open: async () => open(), folder: () => folder });

  it('has one connection for all that is done at the same time, through however many channels', async () => {
    await eventually('those of earlier specs to be closed', () => sshd.connections().length === 0);
    await using first = open();
    await using second = open();
    await Promise.all([...Array(8)].map((_, i) => (i % 2 === 0 ? first : second).run({ argv: ['sleep', '0.2'] })));
    expect(sshd.connections()).to.have.length(1);
  });

  it('leaves no connection open', async () => {
    const channel = open();
    await channel.run({ argv: ['true'] });
    await channel[Symbol.asyncDispose]();
    await eventually('the connection to be closed', () => sshd.connections().length === 0);
  });

  it('has a last order carried out by a server that hears of it together with the end of the connection', async () => {
    const mark = join(folder, 'ordered');
    const channel = open();
    await channel.run({ argv: ['true'] });
    const servers = sshd.connections();
    for (const pid of servers) process.kill(pid, 'SIGSTOP');
    channel.runDetached(['touch', mark]);
    await channel[Symbol.asyncDispose]();
    for (const pid of servers) process.kill(pid, 'SIGCONT');
    await eventually('its mark', () => existsSync(mark));
    await eventually('the connection to be closed', () => sshd.connections().length === 0);
  });

  it('runs what the user wants first, which can neither answer in place of the program nor read for it', async () => {
    await using channel = open({ init: 'echo greeting; export FROM_INIT=yes; cat' });
    const result = await channel.run({ argv: ['sh', '-c', 'echo "$FROM_INIT"; cat'], stdin: 'mine\n' });
    expect([result.stdout, result.stderr]).to.deep.equal(['yes\nmine\n', 'greeting\n']);
  });

  it('says that a program was interrupted when the connection is cut, and connects again for the next', async () => {
    await using channel = open();
    // It ends with the folder, whoever is still there.
    const stay = 'touch running; while [ -e running ]; do sleep 0.1; done';
    const running = channel.run({ argv: ['sh', '-c', `cd '${folder}' && ${stay}`] }).catch((error: unknown) => error);
    await eventually('it to run', () => existsSync(join(folder, 'running')));
    sshd.cut();
    expect(await running).to.include({ name: 'ProviderError', retryable: true });
    await eventually('another connection', async () => (await channel.run({ argv: ['true'] }).catch(() => undefined))?.exitCode === 0);
  });

  it('reads what is there when a file cannot be replaced, and says why', async () => {
    await using channel = open();
    const error: unknown = await channel.writeFile(`${folder}/nowhere/file`, 'x', 0o600).catch((reason: unknown) => reason);
    expect(error).to.include({ retryable: false });
    expect((error as Error).message)
      .to.include(`${folder}/nowhere/file`)
      .and.to.include('No such file');
  });

  describe('of a host that is not trusted', () => {
    it('refuses an unknown one, with its fingerprint and what to do', async () => {
      const knownHostsFile = join(folder, 'empty');
      await writeFile(knownHostsFile, '');
      const { message, retryable } = await refusal({ knownHostsFile });
      expect(message).to.include(await fingerprintOf(join(sshd.dir, 'host.pub')));
      expect(message).to.include(`[127.0.0.1]:${sshd.port}`).and.to.include(`ssh-keyscan -p ${sshd.port} 127.0.0.1 >> ${knownHostsFile}`);
      expect(retryable).to.equal(false);
      expect(readFileSync(knownHostsFile, 'utf8'), 'never accepted by itself').to.equal('');
    });

    it('refuses one with another key, with both fingerprints and what to do', async () => {
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other')]);
      const knownHostsFile = join(folder, 'known_hosts');
      await writeFile(knownHostsFile, `[127.0.0.1]:${sshd.port} ${await readFile(join(folder, 'other.pub'), 'utf8')}`);
      const { message, retryable } = await refusal({ knownHostsFile });
      expect(message).to.include(await fingerprintOf(join(sshd.dir, 'host.pub')));
      expect(message).to.include(await fingerprintOf(join(folder, 'other.pub')));
      expect(message).to.include(`${knownHostsFile}:1`).and.to.include(`ssh-keygen -f ${knownHostsFile} -R '[127.0.0.1]:${sshd.port}'`);
      expect(retryable).to.equal(false);
    });

    it('refuses a revoked key, also where it is known elsewhere', async () => {
      const knownHostsFile = join(folder, 'known_hosts');
      await writeFile(knownHostsFile, await readFile(sshd.knownHostsFile));
      await appendFile(knownHostsFile, `@revoked * ${await readFile(join(sshd.dir, 'host.pub'), 'utf8')}`);
      expect((await refusal({ knownHostsFile })).message).to.match(/revoked in .*known_hosts:3/);
    });

    it('trusts one whose name is hashed', async () => {
      const knownHostsFile = join(folder, 'known_hosts');
      await writeFile(knownHostsFile, await readFile(sshd.knownHostsFile));
      await run('ssh-keygen', ['-q', '-H', '-f', knownHostsFile]);
      expect(await readFile(knownHostsFile, 'utf8')).to.match(/^\|1\|/);
      await using channel = open({ knownHostsFile });
      expect((await channel.run({ argv: ['true'] })).exitCode).to.equal(0);
    });
  });

  describe('that is not let in', () => {
    it('says which user, which keys were tried, and what the server would take', async () => {
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'stranger')]);
      const { message, retryable } = await refusal({ keyFile: join(folder, 'stranger') });
      expect(message)
        .to.include(`user '${sshd.user}'`)
        .and.to.include(`key ${join(folder, 'stranger')}`)
        .and.to.include('publickey');
      expect(retryable).to.equal(false);
    });

    it('says that a key is not there', async () => {
      expect((await refusal({ keyFile: join(folder, 'none') })).message).to.include(`key ${join(folder, 'none')}: there is no such file`);
    });

    it('says that nothing listens, which may be another way in a minute', async () => {
      await using channel = open({ port: 1 });
      const error: unknown = await channel.run({ argv: ['true'] }).catch((reason: unknown) => reason);
      expect((error as Error).message)
        .to.include('127.0.0.1 port 1')
        .and.to.include('nothing listens there');
      expect(error).to.include({ retryable: true });
    });
  });

  it('opens keys with a passphrase, and says so when it is missing or wrong', async () => {
    const keyFile = join(folder, 'locked');
    await writeFile(keyFile, await readFile(sshd.keyFile), { mode: 0o600 });
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', keyFile]);
    expect((await refusal({ keyFile })).message).to.include('passphrase: !env');
    expect((await refusal({ keyFile, passphrase: 'open barley' })).message).to.include('the passphrase is not the right one');
    await using channel = open({ keyFile, passphrase: 'open sesame' });
    expect((await channel.run({ argv: ['true'] })).exitCode).to.equal(0);
  });

  it('takes keys of an agent', async () => {
    const socket = join(folder, 'agent');
    const { stdout } = await run('ssh-agent', ['-a', socket]);
    const pid = Number(/AGENT_PID=(\d+)/.exec(stdout)?.[1]);
    try {
      await run('ssh-add', ['-q', sshd.keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const { keyFile: _, ...others } = options();
      await using channel = new SshChannel({ ...others, agent: socket }).open();
      expect((await channel.run({ argv: ['true'] })).exitCode).to.equal(0);
    } finally {
      process.kill(pid);
    }
  });

  it('goes through the machines on the way, each with its own host key', async () => {
    await using channel = open({ host: '127.0.0.2', proxyJump: `${sshd.user}@127.0.0.1:${sshd.port}` });
    const { stdout } = await channel.run({ argv: ['sh', '-c', 'echo "$SSH_CONNECTION"'] });
    expect(stdout.split(' ')[2]).to.equal('127.0.0.2');
  });

  it('takes host, user, port, key and jumps of an alias from the configuration', async () => {
    const configFile = join(folder, 'config');
    await writeFile(
      configFile,
      [
        'Host gate',
        '  HostName 127.0.0.1',
        `Host "cluster" !other`,
        '  HostName=127.0.0.2',
        '  ProxyJump gate',
        'Host *',
        `  Port ${sshd.port}`,
        `  User ${sshd.user}`,
        `  IdentityFile ${sshd.keyFile}`,
        `  UserKnownHostsFile ${sshd.knownHostsFile}`,
      ].join('\n'),
    );
    await using channel = new SshChannel({ host: 'cluster', configFile }).open();
    const { stdout } = await channel.run({ argv: ['sh', '-c', 'echo "$SSH_CONNECTION"'] });
    expect(stdout.split(' ')[2]).to.equal('127.0.0.2');
  });
});

async function fingerprintOf(file: string): Promise<string> {
  return (await run('ssh-keygen', ['-l', '-f', file])).stdout.split(' ')[1] ?? '';
}
