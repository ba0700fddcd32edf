/**
 * The one SSH connection to a machine, whoever uses it: opened when it is needed, and again after a cut, but not more often than is
 * polite. Owns when to connect; how is connect.ts.
 */
import { connectThrough } from './connect.ts';
import { sshError } from './errors.ts';
import type { CompiledSshChannel } from './options.ts';
import { SshSession } from './session.ts';
import { findTargets } from './target.ts';

const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 15_000;

/** As it is written on a command line. */
export const nameOf = ({ user, host }: CompiledSshChannel): string => (user === undefined ? host : `${user}@${host}`);

interface Failure {
  readonly error: Error;
  readonly count: number;
  readonly tryAgainAt: number;
}

export class SshConnection {
  readonly name: string;
  readonly #options: CompiledSshChannel;
  #session: SshSession | undefined;
  #connecting: Promise<SshSession> | undefined;
  #failure: Failure | undefined;
  /** The machine that answered first: names of login nodes often lead to one of several. */
  #address: string | undefined;
  #isClosed = false;

  constructor(options: CompiledSshChannel) {
    this.#options = options;
    this.name = nameOf(options);
  }

  /** The session that there is, without waiting. */
  get current(): SshSession | undefined {
    return this.#session?.isLost === false ? this.#session : undefined;
  }

  /** @throws ProviderError; also at once, for as long as the last attempt is not long enough ago. */
  async session(): Promise<SshSession> {
    if (this.#isClosed) throw sshError(`the connection to ${this.name} is closed`, { retryable: false });
    if (this.current !== undefined) return this.current;
    const failure = this.#failure;
    if (this.#connecting === undefined && failure !== undefined && performance.now() < failure.tryAgainAt) throw failure.error;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.close();
  }

  async #connect(): Promise<SshSession> {
    const { connectTimeoutMs: timeoutMs, keepAliveMs } = this.#options;
    try {
      const connected = await connectThrough({ targets: findTargets(this.#options), address: this.#address, timeoutMs });
      const session = await SshSession.open(connected, keepAliveMs);
      this.#failure = undefined;
      this.#address = connected.address;
      this.#session = session;
      if (this.#isClosed) session.close();
      return session;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  #failed(error: unknown): void {
    const count = (this.#failure?.count ?? 0) + 1;
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (count - 1)) * (0.75 + Math.random() / 2);
    this.#failure = {
      error: error instanceof Error ? error : sshError(String(error), { retryable: true }),
      count,
      tryAgainAt: performance.now() + restMs,
    };
  }
}

interface Shared {
  readonly connection: SshConnection;
  users: number;
}

const open = new Map<string, Shared>();

/** The same for all channels of this process with the same options. @returns it, and how to let go of it. */
export function shareConnection(options: CompiledSshChannel): { connection: SshConnection; release: () => void } {
  const key = JSON.stringify(options);
  const shared = open.get(key) ?? { connection: new SshConnection(options), users: 0 };
  open.set(key, shared);
  shared.users += 1;
  const release = (): void => {
    if (--shared.users > 0) return;
    if (open.get(key) === shared) open.delete(key);
    shared.connection.close();
  };
  return { connection: shared.connection, release };
}
