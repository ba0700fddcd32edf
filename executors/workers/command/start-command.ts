/**
 * Starts one command from the Node spawner: by bash, in a group of its own, plainly or in a terminal.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Outputs } from './output-file.ts';
import type { RunRequest } from './spawner-protocol.ts';
import { encodeStatus } from './wait-status.ts';

export interface StartedCommand {
  /** Also the number of its process group. */
  readonly pid: number;
  /** Its status, as of waitpid. */
  readonly ended: Promise<number>;
}

/** Why a terminal cannot be had. */
export class NoPtyError extends Error {}

/** Ctrl-D. */
const END_OF_INPUT = '\x04';

const environmentOf = (request: RunRequest): NodeJS.ProcessEnv => ({ ...process.env, PWD: request.cwd, ...request.env });

/** Rejects with the system's error if bash cannot be executed. */
export function startPlain(request: RunRequest, { stdout, stderr }: Outputs): Promise<StartedCommand> {
  return new Promise((resolve, reject) => {
    const stdio: ['ignore', number, number] = ['ignore', stdout.fd, stderr.fd];
    const child = spawn('bash', ['-c', request.command], { cwd: request.cwd, env: environmentOf(request), detached: true, stdio });
    const ended = new Promise<number>((end) => child.on('exit', (exitCode, signal) => end(encodeStatus(exitCode, signal))));
    child.on('error', reject);
    if (child.pid !== undefined) resolve({ pid: child.pid, ended });
  });
}

/** The window has the size that COLUMNS and LINES of the command's environment give, else 80×24. */
export async function startInTerminal(request: RunRequest, { stdout }: Outputs): Promise<StartedCommand> {
  const { spawn: spawnPty } = await loadPty();
  const env = environmentOf(request);
  const size = { cols: sizeFrom(env['COLUMNS'], 80), rows: sizeFrom(env['LINES'], 24) };
  const terminal = spawnPty('bash', ['-c', request.command], {
    ...size,
    cwd: request.cwd,
    env,
    name: env['TERM'] || 'xterm',
    encoding: null,
  });
  // Nobody types: whoever reads stdin shall find its end, as without a terminal.
  terminal.write(END_OF_INPUT);
  let lost: unknown;
  terminal.onData((data: string | Buffer) => {
    try {
      // Without an encoding it hands out buffers, whatever its types say.
      writeAll(stdout.fd, data as Buffer);
    } catch (error) {
      lost ??= error;
    }
  });
  const ended = new Promise<number>((end, reject) => {
    terminal.onExit(({ exitCode, signal }) => (lost === undefined ? end(signal || exitCode << 8) : reject(lost)));
  });
  return { pid: terminal.pid, ended };
}

async function loadPty(): Promise<typeof import('node-pty')> {
  try {
    return await import('node-pty');
  } catch (error) {
    throw new NoPtyError(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
}

function sizeFrom(text: string | undefined, otherwise: number): number {
  const size = Number(text);
  return Number.isInteger(size) && size > 0 && size < 65536 ? size : otherwise;
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
