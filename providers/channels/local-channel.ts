/**
 * The channel to this machine. Owns how programs are started and files are written here; knows no scheduler.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, unlink, writeFile } from 'node:fs/promises';
import type { Channel, ChannelCommand, CommandResult } from '../../lib/channel.ts';

const MAX_OUTPUT_BYTES = 8 * 2 ** 20;
const KILL_GRACE_MS = 2000;

export class LocalChannel implements Channel {
  readonly name = 'this machine';
  readonly #end = new AbortController();

  async run({ argv, env, stdin, timeoutMs, maxOutputBytes, abort }: ChannelCommand): Promise<CommandResult> {
    const [program, ...args] = argv;
    const { execa } = await import('execa'); // When the first command is run: most runs on one machine need none.
    const result = await execa(program, args, {
      ...(env !== undefined && { env: { ...env } }),
      input: stdin ?? '',
      timeout: timeoutMs ?? 0,
      maxBuffer: maxOutputBytes ?? MAX_OUTPUT_BYTES,
      cancelSignal: AbortSignal.any([this.#end.signal, ...(abort === undefined ? [] : [abort])]),
      forceKillAfterDelay: KILL_GRACE_MS,
      killDescendants: true,
      reject: false,
      stripFinalNewline: false,
    });
    return describeEnd(program, result);
  }

  runDetached([program, ...args]: ChannelCommand['argv']): void {
    const child = spawn(program, args, { detached: true, stdio: 'ignore' });
    child.on('error', () => undefined); // There is nobody left to tell.
    child.unref();
  }

  async writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
    const beside = `${path}.${randomBytes(4).toString('hex')}`;
    await writeFile(beside, content, { mode, flag: 'wx' });
    try {
      await rename(beside, path);
    } catch (error) {
      await unlink(beside);
      throw error;
    }
  }

  async mkdir(path: string, mode = 0o777): Promise<void> {
    await mkdir(path, { recursive: true, mode });
  }

  async readTail(path: string, bytes: number): Promise<string | undefined> {
    const file = await open(path, 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const length = Math.min(size, bytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
  }
}

interface ExecaEnd {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
  readonly originalMessage?: string | undefined;
}

function describeEnd(program: string, end: ExecaEnd): CommandResult {
  const { exitCode, signal, stdout, stderr, code } = end;
  const timedOut = end.timedOut || end.isCanceled || end.isMaxBuffer;
  if (exitCode === undefined && signal === undefined && !timedOut) return neverRan(program, code, end.originalMessage);
  return { ...(exitCode !== undefined && { exitCode }), ...(signal !== undefined && { signal }), stdout, stderr, timedOut };
}

/** As a shell would put it. */
function neverRan(program: string, code: string | undefined, message = 'it could not be started'): CommandResult {
  const isMissing = code === 'ENOENT';
  const stderr = isMissing ? `${program}: command not found (PATH is ${process.env['PATH'] ?? 'not set'})` : `${program}: ${message}`;
  return { exitCode: isMissing ? 127 : 126, stdout: '', stderr, timedOut: false };
}
