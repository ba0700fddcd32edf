/**
 * OpenSSH's server for specs: a daemon of our own on a free port of loopback addresses, with its own host key, configuration and one
 * client key, all in a temporary folder. It touches no file of the machine's or the user's ssh.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { isAlive, livingChildrenOf } from './leftovers.ts';

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
  readonly #pid: number;

  private constructor(dir: string, port: number, addresses: readonly string[], pid: number) {
    this.dir = dir;
    this.port = port;
    this.addresses = addresses;
    this.keyFile = join(dir, 'client');
    this.knownHostsFile = join(dir, 'known_hosts');
    this.#pid = pid;
  }

  /** Resolves when it listens on every address. */
  static async start({ addresses = ['127.0.0.1'], config = [], inside = [], hasOwnRun = false }: SshdOptions = {}): Promise<Sshd> {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-sshd-'));
    try {
      const port = await freePort();
      for (const key of ['client', 'host']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, key)]);
      const hostKey = (await readFile(join(dir, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
      await writeFile(join(dir, 'known_hosts'), addresses.map((address) => `[${address}]:${port} ${hostKey}\n`).join(''));
      await writeFile(join(dir, 'sshd_config'), configText(dir, port, addresses, config));
      return new Sshd(dir, port, addresses, await startDaemon(dir, inside, hasOwnRun));
    } catch (error) {
      const log = await readFile(join(dir, 'log'), 'utf8').catch(() => '');
      await rm(dir, { recursive: true });
      throw new Error(`sshd did not start: ${log}`, { cause: error });
    }
  }

  /** For the command line of ssh. */
  get clientOptions(): string {
    const options = ['IdentitiesOnly=yes', `UserKnownHostsFile=${this.knownHostsFile}`, 'GlobalKnownHostsFile=/dev/null'];
    return `-F none -p ${this.port} -i ${this.keyFile} ${options.map((option) => `-o ${option}`).join(' ')}`;
  }

  /** What the server says of itself. */
  log(): Promise<string> {
    return readFile(join(this.dir, 'log'), 'utf8');
  }

  /** Ids of the servers of open connections. */
  connections(): number[] {
    return livingChildrenOf(this.#pid);
  }

  /** Ends the connections that are open, as when a link is cut and both sides learn of it. New ones are still taken. */
  cut(): void {
    for (const pid of this.connections()) endIfThere(pid);
  }

  async close(): Promise<void> {
    const connections = this.connections();
    endIfThere(this.#pid);
    for (const pid of connections) endIfThere(pid);
    await eventually('sshd ends', () => !isAlive(this.#pid));
    await rm(this.dir, { recursive: true, force: true });
  }
}

/**
 * Its id. A daemon, because it belongs to no run that a spec looks at for leftovers; sshd goes there once it listens. As root it wants
 * the folder /run/sshd: it gets one that only it sees.
 */
async function startDaemon(dir: string, inside: readonly string[], hasOwnRun: boolean): Promise<number> {
  const server = [SSHD, '-f', join(dir, 'sshd_config'), '-E', join(dir, 'log')];
  const withRun = (...before: string[]): string[] => [
    'sh',
    '-c',
    [...before, 'mkdir -p /run/sshd', 'exec "$@"'].join(' && '),
    'sh',
    ...server,
  ];
  const own = ['unshare', '--mount', ...withRun('mount -t tmpfs -o mode=755 tmpfs /run')];
  const needsRun = process.getuid?.() === 0 && !existsSync('/run/sshd');
  const [program = '', ...args] = [...inside, ...(hasOwnRun ? withRun() : needsRun ? own : server)];
  await run(program, args);
  return eventually('sshd has written its id', async () => {
    const written = Number(await readFile(join(dir, 'pid'), 'utf8').catch(() => '')) || undefined;
    // In a namespace it is called otherwise than here.
    return inside.length === 0 || written === undefined ? written : findListener(dir);
  });
}

/** Its title has its command line. */
function findListener(dir: string): number | undefined {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map(Number).find((pid) => {
    const title = titleOf(pid);
    return title.startsWith('sshd: ') && title.includes('[listener]') && title.includes(`${dir}/`);
  });
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // It has ended since.
  }
}

function configText(dir: string, port: number, addresses: readonly string[], more: readonly string[]): string {
  const lines = [
    ...more,
    // Not the user's own: a shell that sshd starts reads ~/.bashrc, and what stands there may wait for a lock that a killed shell has left.
    `SetEnv HOME=${dir}`,
    `Port ${port}`,
    ...addresses.map((address) => `ListenAddress ${address}`),
    `HostKey ${join(dir, 'host')}`,
    `AuthorizedKeysFile ${join(dir, 'client.pub')}`,
    `PidFile ${join(dir, 'pid')}`,
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
