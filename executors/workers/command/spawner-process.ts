/**
 * One spawner as a child process: starts it, talks frames with it, and cleans up behind one that died.
 * Knows nothing of commands; the groups that it signals are those that the spawner has written down.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { FrameReader } from '../../../lib/wire/frames.ts';
import { signalGroup } from '../process-tree.ts';
import { shortageOf } from '../start-worker.ts';
import { utf8Tail } from './utf8-tail.ts';
import { SpawnerFrame } from './spawner-protocol.ts';

export interface SpawnerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrTail: string;
  /** It never got as far as its greeting: it cannot work here. */
  readonly neverStarted: boolean;
  /** There is no process, because the machine is short of something. */
  readonly shortage?: string;
}

export interface SpawnerOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly groupFile: string;
  onFrame(type: number, body: Buffer): void;
  /** Called once, when it is gone and all that it said has been heard. */
  onExit(exit: SpawnerExit): void;
}

export class SpawnerProcess {
  readonly #child: ChildProcess;
  readonly #options: SpawnerOptions;
  readonly #frames = new FrameReader();
  readonly #gone: Promise<void>;
  #stderr: Buffer = Buffer.alloc(0);
  #startError: Error | undefined;
  #greeted = false;
  #busy = false;

  constructor(options: SpawnerOptions) {
    this.#options = options;
    const [program = '', ...args] = options.argv;
    // In a session of its own: neither Ctrl-C nor a hang-up of the terminal reaches it.
    this.#child = spawn(program, args, { env: options.env, cwd: '/', stdio: 'pipe', detached: true });
    this.#gone = new Promise((resolve) => this.#listen(resolve));
    this.setBusy(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A busy spawner keeps this process alive, an idle one does not. */
  setBusy(busy: boolean): void {
    this.#busy = busy;
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr] as (Socket | null)[]) {
      if (busy) handle?.ref?.();
      else handle?.unref?.();
    }
  }

  send(frame: Buffer): void {
    this.#child.stdin?.write(frame);
  }

  /** Lets it end its command and leave; by force after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.killNow(), timeoutMs);
    this.setBusy(true);
    await this.#gone;
    clearTimeout(timer);
  }

  killNow(): void {
    this.#child.kill('SIGKILL');
    this.#killGroups();
  }

  #listen(resolveGone: () => void): void {
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on('error', () => {}); // EPIPE: it died, which 'close' reports
    stdout?.on('data', (chunk: Buffer) => this.#frames.push(chunk, (type, body) => this.#receive(type, body)));
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-4096);
    });
    this.#child.on('error', (error) => {
      this.#startError = error;
    });
    this.#child.on('close', (exitCode, signal) => {
      this.#killGroups();
      rmSync(this.#options.groupFile, { force: true });
      resolveGone();
      const stderrTail = this.#startError ? this.#startError.message : utf8Tail(this.#stderr);
      const shortage = this.#describeShortage();
      this.#options.onExit({
        exitCode: this.#startError ? null : exitCode,
        signal,
        stderrTail,
        neverStarted: !this.#greeted,
        ...(shortage === undefined ? {} : { shortage }),
      });
    });
  }

  #describeShortage(): string | undefined {
    const shortage = this.#startError && shortageOf(this.#startError);
    return shortage && `the helper that runs commands could not be started: ${this.#startError?.message}: ${shortage}`;
  }

  #receive(type: number, body: Buffer): void {
    if (type === SpawnerFrame.Hello) this.#greeted = true;
    else this.#options.onFrame(type, body);
  }

  /** What it could not clean up itself. The file: u32 group of the latest command, u32 count, other groups that were ending. */
  #killGroups(): void {
    const [current = 0, count = 0, ...others] = readNumbers(this.#options.groupFile);
    const groups = [...(this.#busy ? [current] : []), ...others.slice(0, count)];
    for (const group of groups) if (group > 1) signalGroup(group, 'SIGKILL');
  }
}

function readNumbers(path: string): number[] {
  try {
    const bytes = readFileSync(path);
    return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readUInt32LE(4 * index));
  } catch {
    return []; // it never got as far as making it, or has removed it: then nothing is left
  }
}
