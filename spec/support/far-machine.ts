/**
 * A machine with a network of its own, reached from here through one cable and OpenSSH's server: "the cluster", as seen from "the
 * laptop". It shares the disk and the process table. Needs root.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { hasSshd, Sshd } from './sshd.ts';

const run = promisify(execFile);
let count = 0;

/** Why there can be none here; undefined: there can. */
export function whyNoFarMachine(): string | undefined {
  if (process.getuid?.() !== 0) return 'networks are made by root only';
  if (!hasSshd) return 'sshd is not installed';
  try {
    execFileSync('ip', ['netns', 'add', `${nameOf()}-try`], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'delete', `${nameOf()}-try`], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'networks cannot be made here';
  }
}

const nameOf = (): string => `flt${process.pid}`;

export class FarMachine {
  readonly address: string;
  readonly sshd: Sshd;
  readonly #name: string;

  private constructor(name: string, address: string, sshd: Sshd) {
    this.#name = name;
    this.address = address;
    this.sshd = sshd;
  }

  static async start(): Promise<FarMachine> {
    const name = `${nameOf()}-${++count}`;
    // 198.18.0.0/15 is for tests of networks (RFC 2544): nothing else here is there.
    const subnet = `198.18.${process.pid % 256}`;
    const here = `${subnet}.${4 * count + 1}`;
    const there = `${subnet}.${4 * count + 2}`;
    await run('ip', ['netns', 'add', name]);
    try {
      await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
      await run('ip', ['addr', 'add', `${here}/30`, 'dev', name]);
      await run('ip', ['link', 'set', name, 'up']);
      await run('ip', ['-n', name, 'addr', 'add', `${there}/30`, 'dev', 'eth0']);
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
      return new FarMachine(name, there, await Sshd.start({ addresses: [there], inside: ['ip', 'netns', 'exec', name] }));
    } catch (error) {
      await run('ip', ['netns', 'delete', name]);
      throw error;
    }
  }

  /** Options of an SshChannel. */
  get channel(): { host: string; port: number; keyFile: string; knownHostsFile: string; configFile: 'none' } {
    const { port, keyFile, knownHostsFile } = this.sshd;
    return { host: this.address, port, keyFile, knownHostsFile, configFile: 'none' };
  }

  /** Pulls the plug: what is sent is lost, and nobody is told. */
  async cut(): Promise<void> {
    await run('ip', ['-n', this.#name, 'link', 'set', 'eth0', 'down']);
  }

  async plug(): Promise<void> {
    await run('ip', ['-n', this.#name, 'link', 'set', 'eth0', 'up']);
  }

  /** Ports of that machine on which somebody listens. */
  async listeners(): Promise<number[]> {
    const { stdout } = await run('ip', ['netns', 'exec', this.#name, 'cat', '/proc/net/tcp']);
    const listening = [...stdout.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ 0A /gm)];
    return listening.map(([, port = '']) => Number.parseInt(port, 16));
  }

  async close(): Promise<void> {
    await this.sshd.close();
    await run('ip', ['netns', 'delete', this.#name]);
  }
}
