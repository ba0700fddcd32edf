/**
 * A machine with a network of its own, reached through one cable that can be cut in either direction. Needs root, iproute2 and nftables.
 * What is started there shares the disk and the process table.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
let count = 0;

/** Why there can be none here; undefined: there can. */
export function whyNoCable(): string | undefined {
  if (process.getuid?.() !== 0) return 'networks are made by root only';
  const name = `flc${process.pid}-try`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
  } catch {
    return 'networks cannot be made here (iproute2, and a kernel that lets us)';
  }
  try {
    execFileSync('ip', ['netns', 'exec', name, 'nft', 'add', 'table', 'inet', 'try'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'nftables is not installed, or the kernel has none';
  } finally {
    execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
  }
}

/** `in`: nothing reaches it any more. `out`: nothing leaves it. */
export type Direction = 'in' | 'out' | 'both';

export interface SlowWire {
  readonly ms: number;
  readonly seed: number;
}

const WIRE = fileURLToPath(new URL('./slow_wire.py', import.meta.url));

export class Cable implements AsyncDisposable {
  /** What processes there dial. */
  readonly here: string;
  /** Goes before a command that is to run there if it is of this block: a launcher's prefix. */
  readonly prefix: string;
  readonly #name: string;
  readonly #folder: string;
  #wireEnded: Promise<unknown> | undefined;

  private constructor(name: string, here: string, block: string) {
    this.#name = name;
    this.here = here;
    this.#folder = mkdtempSync(join(tmpdir(), 'flotilla-cable-'));
    this.prefix = join(this.#folder, 'there');
    const script = `#!/bin/sh\n[ "$FLOTILLA_BLOCK_ID" = ${block} ] || exec "$@"\nexec ip netns exec ${name} "$@"\n`;
    writeFileSync(this.prefix, script, { mode: 0o755 });
  }

  /**
   * @param block whose managers are at the other end; those of other blocks are here.
   * @param slow packets take about so long, and some overtake others.
   */
  static async lay(block: string, slow?: SlowWire): Promise<Cable> {
    const name = `flc${process.pid}-${++count}`;
    // 198.19.0.0/16 is for tests of networks (RFC 2544); 198.18 has other specs' machines.
    const subnet = `198.19.${process.pid % 256}`;
    const here = `${subnet}.${4 * count + 1}`;
    const there = `${subnet}.${4 * count + 2}`;
    await run('ip', ['netns', 'add', name]);
    const cable = new Cable(name, here, block);
    try {
      if (slow === undefined) await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
      else await cable.#layWire(slow);
      await run('ip', ['addr', 'add', `${here}/30`, 'dev', name]);
      await run('ip', ['link', 'set', name, 'up']);
      await run('ip', ['-n', name, 'addr', 'add', `${there}/30`, 'dev', 'eth0']);
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
      return cable;
    } catch (error) {
      await cable[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #layWire({ ms, seed }: SlowWire): Promise<void> {
    const far = `${this.#name}f`;
    // No child of ours: a run that looks for what it has left behind is not to find it.
    const wire = spawn('setsid', ['-f', 'python3', WIRE, this.#name, far, String(ms), String(seed)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#wireEnded = once(wire.stdout, 'close');
    await once(wire.stdout, 'data');
    await run('ip', ['link', 'set', far, 'netns', this.#name]);
    await run('ip', ['-n', this.#name, 'link', 'set', far, 'name', 'eth0']);
  }

  /** Packets are dropped without a word, as a switch that has died drops them. */
  async cut(direction: Direction): Promise<void> {
    await this.mend();
    const hooks = direction === 'both' ? ['input', 'output'] : [direction === 'in' ? 'input' : 'output'];
    const chains = hooks.map((hook) => {
      const side = hook === 'input' ? 'iifname' : 'oifname';
      return `chain ${hook} {\n type filter hook ${hook} priority 0; policy accept;\n ${side} "eth0" drop\n}`;
    });
    await this.#nft(`table inet cut {\n${chains.join('\n')}\n}`);
  }

  async mend(): Promise<void> {
    await this.#nft('table inet cut {\n}\ndelete table inet cut');
  }

  async #nft(rules: string): Promise<void> {
    await run('ip', ['netns', 'exec', this.#name, 'nft', rules]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    await run('ip', ['netns', 'delete', this.#name]);
    await this.#wireEnded;
  }
}
