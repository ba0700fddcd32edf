/**
 * One SSH connection, through every machine on the way: who the machines are is checked against known_hosts before anything is said
 * to them. What becomes of the connection later is connection.ts's business.
 */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ServerHostKeyAlgorithm } from 'ssh2';
import { Authentication } from './authentication.ts';
import { hostKeyError, loginError, unreachableError } from './errors.ts';
import { judgeKey, keysOfHost, type Verdict } from './known-hosts.ts';
import type { SshTarget } from './target.ts';

export interface Connected {
  readonly client: Client;
  /** The one to the first machine: whether it keeps the process alive is ours to say. */
  readonly socket: Socket;
  /** Of the first machine: a name may lead elsewhere the next time. */
  readonly address: string;
  /** Closes all of them. */
  end(): void;
}

export interface ConnectOptions {
  readonly targets: readonly SshTarget[];
  /** Of the first machine, in place of its name. */
  readonly address: string | undefined;
  /** For each machine. */
  readonly timeoutMs: number;
}

/** @throws ProviderError that says which machine, which user, and what was tried. */
export async function connectThrough({ targets, address, timeoutMs }: ConnectOptions): Promise<Connected> {
  const [first] = targets;
  if (first === undefined) throw new RangeError('no machine to connect to');
  const socket = await dial(first, address ?? first.host, timeoutMs);
  const clients: Client[] = [];
  const end = (): void => {
    for (const client of clients.toReversed()) client.end();
    socket.destroy();
  };
  try {
    let through: Duplex = socket;
    for (const [index, target] of targets.entries()) {
      const client = await logIn(target, through, timeoutMs);
      clients.push(client);
      const next = targets[index + 1];
      if (next !== undefined) through = await openWay(client, target, next);
    }
    // The cast: there is one target at least.
    return { client: clients.at(-1) as Client, socket, address: socket.remoteAddress ?? first.host, end };
  } catch (error) {
    end();
    throw error;
  }
}

async function dial(target: SshTarget, address: string, timeoutMs: number): Promise<Socket> {
  const socket = connectSocket({ host: address, port: target.port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    return socket;
  } catch (error) {
    socket.destroy();
    const { code, message, name } = error as NodeJS.ErrnoException;
    const reason = name === 'AbortError' ? `no answer within ${timeoutMs / 1000} s` : explainCode(code, message);
    throw unreachableError(target, reason, error);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ECONNRESET: 'the connection was cut',
};

const explainCode = (code: string | undefined, message: string): string => {
  const words = WORDS[code ?? ''];
  return words === undefined ? message : `${words} (${message})`;
};

async function logIn(target: SshTarget, through: Duplex, timeoutMs: number): Promise<Client> {
  const { default: ssh2 } = await import('ssh2'); // When it is needed: most runs need none.
  const client = new ssh2.Client();
  const authentication = new Authentication(ssh2, target);
  let refused: { readonly key: Buffer; readonly verdict: Exclude<Verdict, { kind: 'known' }> } | undefined;
  const ready = Promise.withResolvers<Client>();
  client.once('ready', () => ready.resolve(client));
  client.on('error', (error) => ready.reject(error)); // For good: a connection that breaks later says so by closing.
  client.once('close', () => ready.reject(new Error('the connection was closed')));
  client.connect({
    // ssh2 takes any duplex stream; its type asks for a readable one.
    sock: through as Socket,
    username: target.user,
    readyTimeout: timeoutMs,
    authHandler: authentication.handler,
    algorithms: { serverHostKey: await hostKeyAlgorithms(target) },
    hostVerifier: (key: Buffer) => {
      const verdict = judgeKey(key, hostKeyOf(target), target.knownHostsFiles);
      if (verdict.kind === 'known') return true;
      refused = { key, verdict };
      return false;
    },
  });
  try {
    return await ready.promise;
  } catch (error) {
    client.end();
    through.destroy();
    if (refused !== undefined) throw hostKeyError(target, refused.key, refused.verdict);
    throw explain(target, error as Error & { level?: string }, authentication);
  }
}

const hostKeyOf = ({ hostKeyName: host, port }: SshTarget) => ({ host, port });

function explain(target: SshTarget, error: Error & { level?: string }, authentication: Authentication): Error {
  if (error.level === 'client-authentication' || /authentication (methods|failures)/i.test(error.message))
    return loginError(target, authentication.describe(), error);
  return unreachableError(target, error.message, error);
}

const RSA: readonly ServerHostKeyAlgorithm[] = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];
const ALL: readonly ServerHostKeyAlgorithm[] = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', ...RSA];

/** Kinds of keys that are known first, so that a server with several shows one that can be checked. */
async function hostKeyAlgorithms(target: SshTarget): Promise<ServerHostKeyAlgorithm[]> {
  const types = new Set(keysOfHost(hostKeyOf(target), target.knownHostsFiles).map(({ type }) => type));
  const isKnown = (algorithm: string): boolean => types.has(algorithm.startsWith('rsa-sha2') ? 'ssh-rsa' : algorithm);
  return [...ALL.filter(isKnown), ...ALL.filter((algorithm) => !isKnown(algorithm))];
}

function openWay(client: Client, from: SshTarget, to: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, stream) => {
      if (error === undefined) resolve(stream);
      else reject(unreachableError(to, `${from.name} does not pass on to it: ${error.message}`, error));
    });
  });
}
