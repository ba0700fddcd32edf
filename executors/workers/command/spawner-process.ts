/**
 * One spawner as a child process: starts it, talks frames with it, and cleans up behind one that died.
 * Knows nothing of commands; the groups that it signals are those that the spawner has written down.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { FrameReader } from '../../../lib/wire/frames.ts';
import { signalGroup } from '../process-tree.ts';
import { shortageOf } from '../start-worker.ts';
import { utf8Tail } from './utf8-tail.ts';
import { SpawnerFrame } from './spawner-protocol.ts';
import { readState } from './spawner-state.ts';

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
  /** For what must not be lost with it: see spawner-state.ts. */
  readonly stateFile: string;
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
  #outgoing: Buffer[] = [];

  constructor(options: SpawnerOptions) {
    this.#options = options;
    const [program = '', ...args] = options.argv;
    // In a session of its own: neither Ctrl-C nor a hang-up of the terminal reaches it.
    this.#child = spawn(program, args, { env: options.env, cwd: '/', stdio: 'pipe', detached: true });
    this.#gone = new Promise((resolve) => this.#listen(resolve));
    this.#setReferenced(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A busy spawner keeps this process alive, an idle one does not. */
  setBusy(busy: boolean): void {
    if (this.#busy === busy) return;
    this.#busy = busy;
    this.#setReferenced(busy);
  }

  #setReferenced(busy: boolean): void {
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr] as (Socket | null)[]) {
      if (busy) handle?.ref?.();
      else handle?.unref?.();
    }
  }

  /** What is sent in one turn goes out together. */
  send(frame: Buffer): void {
    this.#outgoing.push(frame);
    if (this.#outgoing.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#outgoing;
    if (frames.length === 0) return;
    this.#outgoing = [];
    this.#child.stdin?.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
  }

  /** Lets it end its command and leave; by force after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#flush();
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.killNow(), timeoutMs);
    this.#setReferenced(true);
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
      for (const { type, body } of readState(this.#options.stateFile).unsent) this.#receive(type, body);
      rmSync(this.#options.stateFile, { force: true });
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

  /** What it could not clean up itself. */
  #killGroups(): void {
    const { group, endingGroups } = readState(this.#options.stateFile);
    for (const each of this.#busy ? [group, ...endingGroups] : endingGroups) if (each > 1) signalGroup(each, 'SIGKILL');
  }
}
