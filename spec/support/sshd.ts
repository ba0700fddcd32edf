/**
 * OpenSSH's server for specs: a process of our own on a free port of loopback addresses, with its own host key, configuration and one
 * client key, all in a temporary folder. It touches no file of the machine's or the user's ssh.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { childrenOf } from './leftovers.ts';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';

export const hasSshd = existsSync(SSHD);

export interface SshdOptions {
  /** Default 127.0.0.1 alone. All of 127.0.0.0/8 is this machine's on Linux, so that each plays a host. */
  readonly addresses?: readonly string[];
  /** Further lines of sshd_config(5). */
  readonly config?: readonly string[];
  /** What the server is started by: `ip netns exec NAME` puts it into a network of its own. Default: nothing. */
  readonly inside?: readonly string[];
  /** Where it is started has a /run of its own, which the server may write to. Default false. */
  readonly hasOwnRun?: boolean;
}

export class Sshd {
  readonly dir: string;
  readonly port: number;
  readonly addresses: readonly string[];
  /** Who may log in: whoever runs this. */
  readonly user = userInfo().username;
  /** The client's private key. */
  readonly keyFile: string;
  /** Knows every address with the port. */
  readonly knownHostsFile: string;
  readonly #server: ChildProcess;
  readonly #log: () => string;

  private constructor(dir: string, port: number, addresses: readonly string[], server: ChildProcess, log: () => string) {
    this.dir = dir;
    this.port = port;
    this.addresses = addresses;
    this.keyFile = join(dir, 'client');
    this.knownHostsFile = join(dir, 'known_hosts');
    this.#server = server;
    this.#log = log;
  }

  /** Resolves when it listens on every address. */
  static async start({ addresses = ['127.0.0.1'], config = [], inside = [], hasOwnRun = false }: SshdOptions = {}): Promise<Sshd> {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-sshd-'));
    const port = await freePort();
    for (const key of ['client', 'host']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, key)]);
    const hostKey = (await readFile(join(dir, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(join(dir, 'known_hosts'), addresses.map((address) => `[${address}]:${port} ${hostKey}\n`).join(''));
    await writeFile(join(dir, 'sshd_config'), configText(dir, port, addresses, config));
    const server = spawnServer(join(dir, 'sshd_config'), inside, hasOwnRun);
    let log = '';
    server.stderr?.on('data', (chunk) => (log += chunk));
    const sshd = new Sshd(dir, port, addresses, server, () => log);
    await eventually('sshd listens', () => sshd.#isListening(), 30_000).catch(async (error: unknown) => {
      await sshd.close();
      throw new Error(`sshd did not start: ${log}`, { cause: error });
    });
    return sshd;
  }

  /** For the command line of ssh. */
  get clientOptions(): string {
    const options = ['IdentitiesOnly=yes', `UserKnownHostsFile=${this.knownHostsFile}`, 'GlobalKnownHostsFile=/dev/null'];
    return `-F none -p ${this.port} -i ${this.keyFile} ${options.map((option) => `-o ${option}`).join(' ')}`;
  }

  /** What the server says of itself. */
  get log(): string {
    return this.#log();
  }

  /** Ids of the servers of open connections. */
  connections(): number[] {
    return this.#server.pid === undefined ? [] : childrenOf(this.#server.pid);
  }

  /** Ends the connections that are open, as when a link is cut and both sides learn of it. New ones are still taken. */
  cut(): void {
    for (const pid of this.connections()) endIfThere(pid);
  }

  async close(): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      const ended = once(this.#server, 'exit');
      const connections = this.connections();
      this.#server.kill('SIGKILL');
      await ended;
      for (const pid of connections) endIfThere(pid);
    }
    await rm(this.dir, { recursive: true, force: true });
  }

  #isListening(): boolean {
    if (this.#server.exitCode !== null) throw new Error('sshd has ended');
    return this.addresses.every((address) => this.log.includes(`Server listening on ${address} port ${this.port}`));
  }
}

/** As root sshd wants the folder /run/sshd: it gets one that only it sees. */
function spawnServer(config: string, inside: readonly string[], hasOwnRun: boolean): ChildProcess {
  const start = (...argv: string[]): ChildProcess => {
    const [program = '', ...args] = [...inside, ...argv];
    return spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  if (hasOwnRun) return start('sh', '-c', 'mkdir -p /run/sshd && exec "$0" -D -e -f "$1"', SSHD, config);
  if (process.getuid?.() !== 0 || existsSync('/run/sshd')) return start(SSHD, '-D', '-e', '-f', config);
  const script = 'mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/sshd && exec "$0" -D -e -f "$1"';
  return start('unshare', '--mount', 'sh', '-c', script, SSHD, config);
}

function configText(dir: string, port: number, addresses: readonly string[], more: readonly string[]): string {
  const lines = [
    ...more,
    `Port ${port}`,
    ...addresses.map((address) => `ListenAddress ${address}`),
    `HostKey ${join(dir, 'host')}`,
    `AuthorizedKeysFile ${join(dir, 'client.pub')}`,
    'PidFile none',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UseDNS no',
    'MaxStartups 100',
    'MaxSessions 100',
    'Subsystem sftp internal-sftp',
  ];
  return `${lines.join('\n')}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since.
  }
}
