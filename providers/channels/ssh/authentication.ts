/**
 * By which keys one logs in, in OpenSSH's order: the agent's, then those in files. No passwords: nobody is there to type one.
 */
import { readFileSync } from 'node:fs';
import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey } from 'ssh2';
import type { SshTarget } from './target.ts';

type Ssh2 = typeof import('ssh2');

interface Attempt {
  /** For people: 'key ~/.ssh/id_ed25519'. */
  readonly what: string;
  readonly method: AnyAuthMethod;
}

export class Authentication {
  readonly #attempts: readonly Attempt[];
  readonly #tried: string[] = [];
  readonly #unusable: string[] = [];
  #accepted: readonly string[] = [];

  constructor({ utils }: Ssh2, target: SshTarget) {
    const { user, agent } = target;
    const agents: Attempt[] =
      agent === undefined ? [] : [{ what: `keys of the agent ${agent}`, method: { type: 'agent', username: user, agent } }];
    this.#attempts = [{ what: '', method: { type: 'none', username: user } }, ...agents, ...this.#keys(target, utils.parseKey)];
    if (agent === undefined) this.#unusable.push('no agent (SSH_AUTH_SOCK is not set, or agent: true was not asked for)');
  }

  /** For ssh2: the next method, or false when there is none. */
  get handler(): AuthHandlerMiddleware {
    const rest = [...this.#attempts];
    return (methodsLeft: readonly string[] | null, _partly, next) => {
      // ssh2 takes false for the end, which its type does not know.
      const proceed = next as (method: AnyAuthMethod | false) => void;
      if (methodsLeft !== null && methodsLeft.length > 0) this.#accepted = methodsLeft;
      const attempt = rest.shift();
      if (attempt === undefined) return proceed(false);
      if (attempt.what !== '') this.#tried.push(attempt.what);
      proceed(attempt.method);
    };
  }

  /** What was tried, what could not be, and what the server would take. */
  describe(): string {
    const tried = this.#tried.length === 0 ? 'nothing could be tried' : `tried: ${this.#tried.join(', ')}`;
    const accepts = this.#accepted.length === 0 ? '' : `; the server takes: ${this.#accepted.join(', ')}`;
    return `${tried}; ${this.#unusable.join('; ')}${accepts}`.replace('; ;', ';').replace(/; $/, '');
  }

  #keys({ keyFiles, areKeyFilesNamed, passphrase, user }: SshTarget, parseKey: Ssh2['utils']['parseKey']): Attempt[] {
    return keyFiles.flatMap((path) => {
      const key = readKey(path, passphrase, parseKey);
      if (typeof key !== 'string') return [{ what: `key ${path}`, method: { type: 'publickey', username: user, key } }];
      if (areKeyFilesNamed || key !== MISSING) this.#unusable.push(`key ${path}: ${key}`);
      return [];
    });
  }
}

const MISSING = 'there is no such file';

/** @returns a key, or why there is none. */
function readKey(path: string, passphrase: string | undefined, parseKey: Ssh2['utils']['parseKey']): ParsedKey | string {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? MISSING : (error as Error).message;
  }
  const parsed: unknown = parseKey(content, passphrase);
  if (parsed instanceof Error) return explainKey(parsed.message, passphrase);
  // parseKey gives a list for files that could hold several.
  return (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey;
}

function explainKey(message: string, passphrase: string | undefined): string {
  if (!/passphrase|bad decrypt|integrity|Encrypted/i.test(message)) return message;
  return passphrase === undefined
    ? 'it needs a passphrase: write passphrase: !env NAME_OF_A_VARIABLE, or use an agent'
    : `the passphrase is not the right one (${message})`;
}
