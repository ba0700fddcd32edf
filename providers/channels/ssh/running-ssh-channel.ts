/**
 * The channel to a machine that is reached by SSH. Owns what runs through it; the connection is shared with other channels.
 */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { SFTPWrapper } from 'ssh2';
import type { ChannelCommand, CommandResult, RemoteChannel } from '../../../lib/channel.ts';
import { quoteForShell } from '../../shell-quote.ts';
import { commandLine, killLine } from './command-text.ts';
import { type SshConnection, shareConnection } from './connection.ts';
import { sshError } from './errors.ts';
import type { CompiledSshChannel } from './options.ts';
import { makeFolder, readEnd, realPath, replaceFile } from './remote-files.ts';
import { runCommand, startCommand } from './run-command.ts';

const MAX_OUTPUT_BYTES = 8 * 2 ** 20;

export class RunningSshChannel implements RemoteChannel {
  readonly name: string;
  readonly #connection: SshConnection;
  readonly #release: () => void;
  readonly #init: string;
  readonly #end = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(options: CompiledSshChannel) {
    const { connection, release } = shareConnection(options);
    this.#connection = connection;
    this.#release = release;
    this.#init = options.init;
    this.name = connection.name;
  }

  run(command: ChannelCommand): Promise<CommandResult> {
    const running = this.#run(command);
    const settled = running.then(
      () => undefined,
      () => undefined, // Whoever asked is told.
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return running;
  }

  async #run({ argv, env, stdin = '', timeoutMs, maxOutputBytes = MAX_OUTPUT_BYTES, abort }: ChannelCommand): Promise<CommandResult> {
    const session = await this.#connection.session();
    const tag = randomBytes(8).toString('hex');
    const stop = AbortSignal.any([this.#end.signal, ...(abort === undefined ? [] : [abort])]);
    const line = commandLine({ argv, env, tag, init: this.#init });
    return session.holding(() =>
      runCommand({ client: session.client, lost: session.lost, line, killLine: killLine(tag), stdin, timeoutMs, maxOutputBytes, stop }),
    );
  }

  /** Where there is a connection, it takes the order at once; else one is opened, should there be time. */
  runDetached(argv: ChannelCommand['argv']): void {
    const words = argv.map(quoteForShell).join(' ');
    const init = this.#init.trim() === '' ? '' : `{ ${this.#init}\n}; `;
    const line = `( ${init}setsid ${words} & ) </dev/null >/dev/null 2>&1`;
    const { current } = this.#connection;
    if (current !== undefined) return current.order(line);
    this.#connection.session().then(
      (session) => session.order(line),
      () => undefined, // There is nobody left to tell.
    );
  }

  writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
    return this.#withFiles((sftp) => replaceFile(sftp, path, content, mode));
  }

  mkdir(path: string, mode = 0o777): Promise<void> {
    return this.#withFiles((sftp) => makeFolder(sftp, path, mode));
  }

  async readTail(path: string, bytes: number): Promise<string | undefined> {
    return (await this.#withFiles((sftp) => readEnd(sftp, path, bytes)))?.toString();
  }

  home(): Promise<string> {
    return this.#withFiles((sftp) => realPath(sftp, '.'));
  }

  async talk(argv: ChannelCommand['argv'], heard: (text: string) => void): Promise<Duplex> {
    const session = await this.#connection.session();
    const line = commandLine({ argv, tag: randomBytes(8).toString('hex'), init: this.#init });
    const stream = await session.holding(() => startCommand(session.client, line));
    stream.stderr.setEncoding('utf8').on('data', heard);
    const onLost = (): void => void stream.destroy();
    const gone = AbortSignal.any([session.lost, this.#end.signal]);
    gone.addEventListener('abort', onLost, { once: true });
    stream.once('close', () => gone.removeEventListener('abort', onLost));
    return stream;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#running);
    this.#release();
  }

  async #withFiles<T>(work: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    const session = await this.#connection.session();
    return session.holding(async () => {
      const sftp = await session.sftp().catch((error: Error) => {
        throw sshError(`${this.name} gives no SFTP: ${error.message}`, { retryable: true, cause: error });
      });
      return work(sftp);
    });
  }
}
