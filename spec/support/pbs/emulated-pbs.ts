/**
 * An emulated PBS Pro for specs: a folder with `qsub`, `qstat`, `qdel`, … to be put first on PATH, and the server behind them, which
 * runs the submitted scripts as processes of this machine. Made from recordings of OpenPBS 23.06.06 (recordings/).
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Answer, EXIT, type Invocation, Refusal } from './commands/answer.ts';
import { qalter, qdel, qhold, qrls, qselect, qsig } from './commands/others.ts';
import { qstat } from './commands/qstat.ts';
import { qsub } from './commands/qsub.ts';
import { formatJson } from './format.ts';
import { PbsServer, type ServerOptions } from './server.ts';

const COMMANDS: Readonly<Record<string, (server: PbsServer, invocation: Invocation) => Answer>> = {
  qsub,
  qstat,
  qdel,
  qselect,
  qrls,
  qhold,
  qsig,
  qalter,
};

export interface Call extends Invocation {
  readonly program: string;
}

/** What becomes of a command, once. The server does its work either way, but for 'unreachable'. */
export type Fault = 'reply lost' | 'hangs' | 'unreachable' | 'garbage';

export class EmulatedPbs implements AsyncDisposable {
  readonly dir: string;
  /** To be put first on PATH. */
  readonly bin: string;
  readonly server: PbsServer;
  /** Every command that was run, in order. */
  readonly calls: Call[] = [];
  /** As when the server's machine is gone: every command fails. Jobs run on. */
  isDown = false;
  readonly #socket: Server;
  readonly #connections = new Set<Socket>();
  readonly #faults: { program: string; fault: Fault }[] = [];

  private constructor(dir: string, options: Partial<ServerOptions>) {
    this.dir = dir;
    this.bin = join(dir, 'bin');
    for (const folder of ['bin', 'jobs', 'aux', 'spool', 'tmp', 'home']) mkdirSync(join(dir, folder));
    this.server = new PbsServer({ ...defaults(dir), ...options });
    this.#socket = createServer({ allowHalfOpen: true }, (connection) => this.#serve(connection));
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<EmulatedPbs> {
    const pbs = new EmulatedPbs(mkdtempSync(join(tmpdir(), 'flotilla-pbs-')), options);
    const path = join(pbs.dir, 'server');
    await new Promise<void>((resolve) => pbs.#socket.listen(path, resolve));
    for (const name of Object.keys(COMMANDS)) writeCommand(join(pbs.bin, name), path, name);
    return pbs;
  }

  /** The next call of the program meets this; several queue up. */
  breakNext(program: string, fault: Fault): void {
    this.#faults.push({ program, fault });
  }

  callsOf(program: string): Call[] {
    return this.calls.filter((call) => call.program === program);
  }

  /** Runs a command without a process, for replays. */
  execute(call: Call): Answer {
    const command = COMMANDS[call.program];
    if (command === undefined) throw new Error(`there is no emulated ${call.program}`);
    try {
      return command(this.server, call);
    } catch (error) {
      if (error instanceof Refusal) return { stdout: '', stderr: error.message, exitCode: error.exitCode };
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#socket.close(resolve));
    rmSync(this.dir, { recursive: true, force: true });
  }

  #serve(connection: Socket): void {
    let text = '';
    this.#connections.add(connection);
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('error', () => connection.destroy()); // The command was killed.
    connection.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) this.#answer(connection, JSON.parse(text) as Call);
    });
  }

  #answer(connection: Socket, call: Call): void {
    this.calls.push(call);
    const fault = this.isDown ? 'unreachable' : this.#takeFault(call.program);
    const answer = fault === 'unreachable' ? this.#unreachable(call) : this.execute(call);
    if (fault === 'hangs') return;
    connection.end(JSON.stringify(spoil(answer, call.program, fault)));
  }

  #takeFault(program: string): Fault | undefined {
    const index = this.#faults.findIndex((one) => one.program === program);
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  /** With `-F json` qstat prints an empty answer all the same. */
  #unreachable({ program, argv }: Call): Answer {
    const { name, now } = this.server.options;
    const stdout = program === 'qstat' && argv.includes('json') ? formatJson([], name, now()) : '';
    const stderr = `Connection refused\n${program}: cannot connect to server ${name} (errno=15010)\n`;
    return { stdout, stderr, exitCode: EXIT.noConnection };
  }
}

function spoil(answer: Answer, program: string, fault: Fault | undefined): Answer {
  if (fault === 'reply lost') return { stdout: '', stderr: `${program}: Failed to recv data from background ${program}\n`, exitCode: 1 };
  return fault === 'garbage' ? { ...answer, stdout: 'Warning: the file system is nearly full\n' } : answer;
}

const defaults = (dir: string): ServerOptions => ({
  dir,
  home: join(dir, 'home'),
  name: 'ctl',
  user: userInfo().username,
  nodes: [
    { name: 'n1', ncpus: 2 },
    { name: 'n2', ncpus: 2 },
  ],
  queues: { workq: {} },
  customResources: [],
  history: true,
  nodeFailRequeueMs: 310_000,
  killDelayMs: 2000,
  exitingMs: 20,
  now: Date.now,
});

const CLIENT = fileURLToPath(new URL('./client.py', import.meta.url));

function writeCommand(path: string, socket: string, name: string): void {
  writeFileSync(path, `#!/bin/sh\nexec python3 -SE '${CLIENT}' '${socket}' ${name} "$@"\n`);
  chmodSync(path, 0o755);
}
