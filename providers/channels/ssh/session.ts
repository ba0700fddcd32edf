/**
 * What is open on one SSH connection: a shell that is always there, and SFTP once it is needed. The shell is asked now and then
 * whether it is still there, and takes the orders of a process that has no time left to open anything.
 */
import { setMaxListeners } from 'node:events';
import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';
import { forAnyShell } from './command-text.ts';
import type { Connected } from './connect.ts';
import { sshError } from './errors.ts';
import { startCommand } from './run-command.ts';

/** Signs of life that may be missing. */
const MAX_MISSED = 3;
/** How long a last order may take to reach the shell, ms. */
const LAST_ORDER_MS = 10_000;

export class SshSession {
  readonly client: Client;
  readonly #connected: Connected;
  readonly #shell: ClientChannel;
  readonly #timer: NodeJS.Timeout;
  #sftp: Promise<SFTPWrapper> | undefined;
  #missed = 0;
  #users = 0;
  #hasLastOrder = false;
  readonly #lost = new AbortController();

  private constructor(connected: Connected, shell: ClientChannel, keepAliveMs: number) {
    this.#connected = connected;
    this.#shell = shell;
    this.client = connected.client;
    setMaxListeners(0, this.lost);
    connected.socket.unref();
    shell.on('data', () => (this.#missed = 0));
    shell.stderr.resume();
    shell.once('close', () => this.#lose());
    this.client.once('close', () => this.#lose());
    connected.socket.once('close', () => this.#lose());
    this.#timer = setInterval(() => this.#ask(), keepAliveMs);
    this.#timer.unref();
  }

  /** @throws ProviderError when the connection is lost before the shell is there. */
  static async open(connected: Connected, keepAliveMs: number): Promise<SshSession> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    connected.socket.once('close', () => reject(sshError('the SSH connection was lost', { retryable: true })));
    const shell = await Promise.race([startCommand(connected.client, forAnyShell('exec /bin/sh')), lost]);
    return new SshSession(connected, shell, keepAliveMs);
  }

  /** Aborted when the connection is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  /** Of the first machine of the connection. */
  get address(): string {
    return this.#connected.address;
  }

  /** While something is under way, the connection keeps the process alive. @throws ProviderError when it is lost meanwhile. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    if (this.#users++ === 0) this.#connected.socket.ref();
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const onLost = (): void => reject(sshError('the SSH connection was lost', { retryable: true }));
    this.lost.addEventListener('abort', onLost, { once: true });
    if (this.isLost) onLost();
    try {
      return await Promise.race([work(), lost]);
    } finally {
      this.lost.removeEventListener('abort', onLost);
      if (--this.#users === 0) this.#connected.socket.unref();
    }
  }

  sftp(): Promise<SFTPWrapper> {
    this.#sftp ??= new Promise((resolve, reject) => {
      this.client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(error)));
    });
    return this.#sftp;
  }

  /** Hands it to the shell, synchronously as far as the system takes it; a connection that is closed afterwards waits for it. */
  order(line: string): void {
    this.#hasLastOrder = true;
    this.#shell.write(`${line}\n`);
  }

  close(): void {
    if (this.isLost || !this.#hasLastOrder) this.#lose();
    else this.#closeAfterLastOrder();
  }

  /**
   * A server that reads a goodbye in the same breath as the order before it ends without having given the order to its shell. So the
   * shell's input is closed first, and what it is still to read with it; it ends when it has read all.
   */
  #closeAfterLastOrder(): void {
    this.#lost.abort();
    clearInterval(this.#timer);
    const timer = setTimeout(() => this.#connected.end(), LAST_ORDER_MS).unref();
    this.#shell.once('close', () => {
      clearTimeout(timer);
      this.#connected.end();
    });
    this.#shell.end();
  }

  #ask(): void {
    if (++this.#missed > MAX_MISSED) this.#lose();
    else this.#shell.write('echo\n');
  }

  #lose(): void {
    if (this.isLost) return;
    this.#lost.abort();
    clearInterval(this.#timer);
    this.#connected.end();
  }
}
