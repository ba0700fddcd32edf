/** One program on the other side, from its start to its end. Owns its time, its output and ending it. */
import type { Client, ClientChannel } from 'ssh2';
import type { CommandResult } from '../../../lib/channel.ts';
import { sshError } from './errors.ts';

/** For a program that was killed to be gone. */
const KILL_PATIENCE_MS = 10_000;

export interface RunOptions {
  readonly client: Client;
  /** Aborted when the connection is gone: ssh2 leaves its channels open then. */
  readonly lost: AbortSignal;
  readonly line: string;
  /** Ends the program and all that it started. */
  readonly killLine: string;
  readonly stdin: string;
  readonly timeoutMs: number | undefined;
  readonly maxOutputBytes: number;
  /** The program is to be killed. */
  readonly stop: AbortSignal;
}

/** @throws ProviderError if the connection is lost meanwhile. */
export async function runCommand(options: RunOptions): Promise<CommandResult> {
  const { client, lost, line, killLine, stdin, timeoutMs, maxOutputBytes, stop } = options;
  if (stop.aborted) return { stdout: '', stderr: '', timedOut: true };
  const channel = await startCommand(client, line);
  const stdout = new Output(maxOutputBytes);
  const stderr = new Output(maxOutputBytes);
  const closed = Promise.withResolvers<void>();
  let end: { exitCode?: number; signal?: string } | undefined;
  let timedOut = false;
  let giveUp: NodeJS.Timeout | undefined;
  const kill = (): void => {
    if (timedOut || end !== undefined) return;
    timedOut = true;
    sendCommand(client, killLine);
    giveUp = setTimeout(() => closed.resolve(), KILL_PATIENCE_MS);
  };
  channel.on('exit', (code: number | null, signal?: string) => {
    end = { ...(code !== null && { exitCode: code }), ...(signal !== undefined && { signal: fullName(signal) }) };
  });
  channel.on('data', (chunk: Buffer) => stdout.add(chunk) || kill());
  channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk) || kill());
  channel.once('close', () => closed.resolve());
  channel.on('error', () => undefined); // It closes then, too.
  const timer = timeoutMs === undefined ? undefined : setTimeout(kill, timeoutMs);
  stop.addEventListener('abort', kill, { once: true });
  const onLost = (): void => closed.resolve();
  lost.addEventListener('abort', onLost, { once: true });
  if (lost.aborted) onLost();
  channel.end(stdin);
  await closed.promise;
  clearTimeout(timer);
  clearTimeout(giveUp);
  stop.removeEventListener('abort', kill);
  lost.removeEventListener('abort', onLost);
  if (end === undefined && !timedOut) throw sshError('the connection was lost while a program ran', { retryable: true });
  return { ...end, stdout: stdout.text(), stderr: stderr.text(), timedOut };
}

/** @throws ProviderError when the other side opens no more sessions, or is gone. */
export function startCommand(client: Client, line: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      client.exec(line, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(sshError(`no program could be started: ${error.message}`, { retryable: true, cause: error }));
      });
    } catch (error) {
      reject(sshError(`no program could be started: ${(error as Error).message}`, { retryable: true, cause: error }));
    }
  });
}

/** What comes of it is not waited for. */
function sendCommand(client: Client, line: string): void {
  startCommand(client, line).then(
    (channel) =>
      channel
        .resume()
        .on('error', () => undefined)
        .stderr.resume(),
    () => undefined, // The connection is gone, and with it whoever waits for the program.
  );
}

/** RFC 4254, 6.10: without SIG, and others than the usual with the implementation's name behind. */
function fullName(signal: string): string {
  const [name = signal] = signal.split('@');
  return name.startsWith('SIG') ? name : `SIG${name}`;
}

class Output {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns whether it still fits. */
  add(chunk: Buffer): boolean {
    const fits = this.#size + chunk.length <= this.#limit;
    this.#chunks.push(fits ? chunk : chunk.subarray(0, Math.max(0, this.#limit - this.#size)));
    this.#size += chunk.length;
    return fits;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
